package bench;

import static org.apache.kafka.streams.CloseOptions.GroupMembershipOperation.LEAVE_GROUP;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/**
 * Kafka Streams with its defaults, but for what STREAMS_CONFIG says (name=value, one a line). Ends after a clean close,
 * once RECORDS records of INPUT have come to the workload's last step.
 */
public final class Main {
  private static final Map<String, String> ENV = System.getenv();
  private static final AtomicLong SEEN = new AtomicLong();
  private static final AtomicLong DONE = new AtomicLong();
  private static final CountDownLatch ALL_DONE = new CountDownLatch(1);
  private static final long RECORDS = Long.parseLong(ENV.get("RECORDS"));

  private Main() {}

  public static void main(String[] arguments) throws InterruptedException {
    StreamsBuilder builder = new StreamsBuilder();
    switch (ENV.get("WORKLOAD")) {
      case "w1" -> W1.build(builder, ENV.get("INPUT"), ENV.get("OUTPUT"));
      case "w1a" -> W1A.build(builder, ENV.get("INPUT"), ENV.get("OUTPUT"));
      case "w2" -> W2.build(builder, ENV.get("INPUT"), ENV.get("OUTPUT"));
      case "w3" -> W3.build(builder, ENV.get("INPUT"), ENV.get("OUTPUT"));
      case "w6" -> W6.build(builder, ENV.get("INPUT"), ENV.get("OUTPUT"));
      default -> throw new IllegalArgumentException("WORKLOAD=" + ENV.get("WORKLOAD"));
    }
    KafkaStreams streams = new KafkaStreams(builder.build(), config());
    AtomicInteger code = new AtomicInteger();
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      code.set(1);
      ALL_DONE.countDown();
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    streams.start();
    ALL_DONE.await();
    // What was counted last is still on its way: a clean close processes and commits it. It leaves the group, which
    // would have whoever is started behind it wait for the session's timeout (45 s).
    CloseOptions leaving = CloseOptions.timeout(Duration.ofSeconds(60)).withGroupMembershipOperation(LEAVE_GROUP);
    boolean closed = streams.close(leaving);
    System.exit(closed ? code.get() : 1);
  }

  /** A record has come to user code. */
  static void seen() {
    if (SEEN.incrementAndGet() != 1 || !ENV.containsKey("BENCH_FIRST_SEEN")) return;
    try {
      String now = Long.toString(System.currentTimeMillis());
      Files.writeString(Path.of(ENV.get("BENCH_FIRST_SEEN")), now, StandardOpenOption.CREATE_NEW);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An input record needs no more of user code. */
  static void done() {
    if (DONE.incrementAndGet() == RECORDS) ALL_DONE.countDown();
  }

  private static Properties config() {
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, ENV.get("APPLICATION"));
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, ENV.get("BROKERS"));
    config.put(StreamsConfig.STATE_DIR_CONFIG, ENV.get("FOLDER"));
    config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    config.put("consumer.auto.offset.reset", "earliest");
    ENV.getOrDefault("STREAMS_CONFIG", "").lines().forEach(line -> {
      String[] setting = line.split("=", 2);
      config.put(setting[0], setting[1]);
    });
    return config;
  }
}
