package bench;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.substring_index;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.upper;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** Users are cleansed and made flat: bench/w1/topology.ts. All of it by functions of its SQL, none by Java's own code. */
final class W1 {
  /** What is read of a user. */
  private static final StructType USER = StructType.fromDDL(
      "gender STRING, name STRUCT<title: STRING, first: STRING, last: STRING>, location STRUCT<city: STRING,"
          + " state: STRING, country: STRING, postcode: STRING, coordinates: STRUCT<latitude: STRING,"
          + " longitude: STRING>>, email STRING, login STRUCT<uuid: STRING, username: STRING>, dob STRUCT<date:"
          + " STRING, age: INT>, registered STRUCT<date: STRING>, phone STRING, cell STRING, picture STRUCT<medium:"
          + " STRING>, nat STRING");

  private W1() {}

  static Dataset<Row> of(Dataset<Row> input) {
    return input
        .select(col("key"), col("headers"), from_json(col("value").cast("string"), USER).as("user"))
        .select("key", "headers", "user.*")
        .where(isSaid("email").and(isSaid("login.uuid")))
        .select(col("key"), col("headers"), to_json(cleansed()).as("value"));
  }

  private static Column isSaid(String name) {
    return col(name).isNotNull().and(col(name).notEqual(""));
  }

  private static Column cleansed() {
    Column email = lower(col("email"));
    return struct(
        col("login.uuid").as("uuid"),
        col("login.username").as("username"),
        col("name.title").as("title"),
        concat_ws(" ", col("name.first"), col("name.last")).as("fullName"),
        email.as("email"),
        substring_index(email, "@", -1).as("emailDomain"),
        col("gender"),
        substring(col("dob.date"), 1, 10).as("birthDate"),
        col("dob.age").as("age"),
        ageBand(col("dob.age")).as("ageBand"),
        col("location.city").as("city"),
        col("location.state").as("state"),
        upper(col("location.country")).as("country"),
        upper(col("nat")).as("nat"),
        col("location.postcode").as("postcode"),
        col("location.coordinates.latitude").as("latitude"),
        col("location.coordinates.longitude").as("longitude"),
        col("phone"),
        col("cell"),
        substring(col("registered.date"), 1, 10).as("registeredDate"),
        col("picture.medium").as("picture"));
  }

  private static Column ageBand(Column age) {
    return when(age.leq(17), "0-17")
        .when(age.leq(24), "18-24")
        .when(age.leq(34), "25-34")
        .when(age.leq(44), "35-44")
        .when(age.leq(54), "45-54")
        .when(age.leq(64), "55-64")
        .otherwise("65+");
  }
}
