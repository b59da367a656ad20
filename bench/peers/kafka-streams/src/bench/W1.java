package bench;

import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** Users are cleansed and made flat: bench/w1/topology.ts. */
final class W1 {
  private W1() {}

  static void build(StreamsBuilder builder, String input, String output) {
    builder.stream(input, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .mapValues(Json::parsed)
        .filter((key, user) -> {
          Main.seen();
          Main.done();
          return Cleanse.isComplete(user);
        })
        .mapValues(Cleanse::cleansed)
        .to(output, Produced.with(Serdes.String(), Serdes.ByteArray()));
  }
}
