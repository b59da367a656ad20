package bench;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Users by country and minute: bench/w2/topology.ts. The grace is so long that none is late: stream time behind a
 * repartition topic is that of whichever upstream task is furthest, so that of old data others would be.
 */
final class W2 {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration GRACE = Duration.ofHours(24);

  private W2() {}

  static void build(StreamsBuilder builder, String input, String output) {
    builder.stream(input, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .mapValues(Json::parsed)
        .selectKey((key, user) -> {
          Main.seen();
          return user.get("nat").asText().toUpperCase(Locale.ROOT);
        })
        .mapValues(user -> new byte[0])
        .repartition(Repartitioned.with(Serdes.String(), Serdes.ByteArray()).withName("country"))
        .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
        .windowedBy(TimeWindows.ofSizeAndGrace(MINUTE, GRACE))
        .aggregate(
            () -> 0L,
            (country, user, count) -> {
              Main.done();
              return count + 1;
            },
            Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("per-country")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long()))
        .toStream()
        .mapValues(count -> Long.toString(count).getBytes(StandardCharsets.US_ASCII))
        .to(
            output,
            // Start and end, as millrace writes windowed keys.
            Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.ByteArray()));
  }
}
