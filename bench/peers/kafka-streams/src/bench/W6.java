package bench;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;

/** How often each key has come: bench/growth/keys-topology.ts. */
final class W6 {
  private W6() {}

  static void build(StreamsBuilder builder, String input, String output) {
    builder.stream(input, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
        .aggregate(
            () -> 0L,
            (key, event, count) -> {
              Main.done();
              return count + 1;
            },
            Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("per-key")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long()))
        .toStream()
        .mapValues(count -> Long.toString(count).getBytes(StandardCharsets.US_ASCII))
        .to(output, Produced.with(Serdes.String(), Serdes.ByteArray()));
  }
}
