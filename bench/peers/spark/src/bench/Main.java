package bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryProgress;
import org.apache.spark.sql.streaming.Trigger;

/**
 * Spark Structured Streaming with its defaults, but for as many shuffle partitions as there are of the input (200 of
 * them would take it minutes). Ends when all that was there has been written or, LIVE, when it is told to.
 */
public final class Main {
  private static final Map<String, String> ENV = System.getenv();

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    SparkSession spark = SparkSession.builder()
        .master("local[2]")
        .appName(ENV.get("APPLICATION"))
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.local.dir", ENV.get("FOLDER"))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
        .getOrCreate();
    Dataset<Row> input = spark.readStream()
        .format("kafka")
        .option("kafka.bootstrap.servers", ENV.get("BROKERS"))
        .option("subscribe", ENV.get("INPUT"))
        .option("startingOffsets", "earliest")
        .option("includeHeaders", "true")
        .load();
    boolean live = Boolean.parseBoolean(ENV.get("LIVE"));
    StreamingQuery query = output(input)
        .writeStream()
        .format("kafka")
        .option("kafka.bootstrap.servers", ENV.get("BROKERS"))
        .option("topic", ENV.get("OUTPUT"))
        .option("checkpointLocation", Path.of(ENV.get("FOLDER"), "checkpoint").toString())
        .outputMode(ENV.get("WORKLOAD").equals("w2") ? "update" : "append")
        .trigger(live ? Trigger.ProcessingTime(0) : Trigger.AvailableNow())
        .start();
    query.awaitTermination();
    for (StreamingQueryProgress progress : query.recentProgress()) {
      if (progress.numInputRows() > 0) noteFirst(Instant.parse(progress.timestamp()));
    }
    spark.stop();
  }

  private static Dataset<Row> output(Dataset<Row> input) {
    return switch (ENV.get("WORKLOAD")) {
      case "w1" -> W1.of(input);
      case "w2" -> W2.of(input);
      default -> throw new IllegalArgumentException("WORKLOAD=" + ENV.get("WORKLOAD"));
    };
  }

  /** No code of the user's sees a record: it is the time at which the first micro-batch was begun. */
  private static void noteFirst(Instant time) throws IOException {
    Path file = ENV.containsKey("BENCH_FIRST_SEEN") ? Path.of(ENV.get("BENCH_FIRST_SEEN")) : null;
    if (file != null && !Files.exists(file)) Files.writeString(file, Long.toString(time.toEpochMilli()));
  }
}
