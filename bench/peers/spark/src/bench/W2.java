package bench;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.encode;
import static org.apache.spark.sql.functions.get_json_object;
import static org.apache.spark.sql.functions.hex;
import static org.apache.spark.sql.functions.lpad;
import static org.apache.spark.sql.functions.unhex;
import static org.apache.spark.sql.functions.unix_millis;
import static org.apache.spark.sql.functions.upper;
import static org.apache.spark.sql.functions.window;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Users by country and minute: bench/w2/topology.ts. */
final class W2 {
  private W2() {}

  static Dataset<Row> of(Dataset<Row> input) {
    return input
        .select(col("timestamp"), upper(get_json_object(col("value").cast("string"), "$.nat")).as("country"))
        .withWatermark("timestamp", "30 seconds")
        .groupBy(window(col("timestamp"), "1 minute"), col("country"))
        .count()
        .select(
            // As millrace writes windowed keys: the key, then end and start.
            concat(encode(col("country"), "UTF-8"), int64("window.end"), int64("window.start")).as("key"),
            col("count").cast("string").as("value"));
  }

  private static Column int64(String timestamp) {
    return unhex(lpad(hex(unix_millis(col(timestamp))), 16, "0"));
  }
}
