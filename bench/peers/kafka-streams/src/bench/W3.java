package bench;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** Each user's score, which somebody else knows: asked inside the thread, as a mapValues has to. bench/w3/topology.ts. */
final class W3 {
  private static final long LATENCY_MS = 10;

  private W3() {}

  static void build(StreamsBuilder builder, String input, String output) {
    builder.stream(input, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .mapValues(Json::parsed)
        .mapValues(user -> {
          Main.seen();
          int score = scoreOf(user.get("dob").get("age").intValue());
          Main.done();
          return Integer.toString(score).getBytes(StandardCharsets.US_ASCII);
        })
        .to(output, Produced.with(Serdes.String(), Serdes.ByteArray()));
  }

  private static int scoreOf(int age) {
    try {
      Thread.sleep(LATENCY_MS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return age * 2;
  }
}
