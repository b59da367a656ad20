package bench;

import java.util.Locale;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericData;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** W1 in Avro: bench/w1a/topology.ts. */
final class W1A {
  /** As the registry of bench/w1a/contracts.ts has them. */
  private static final int CLEAN_ID = 2;

  private W1A() {}

  static void build(StreamsBuilder builder, String input, String output) {
    AvroCodec users = new AvroCodec(System.getenv("USER_SCHEMA"));
    AvroCodec clean = new AvroCodec(System.getenv("CLEAN_SCHEMA"));
    builder.stream(input, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .mapValues(users::decoded)
        .filter((key, user) -> {
          Main.seen();
          Main.done();
          return isSaid(user.get("email")) && isSaid(in(user, "login").get("uuid"));
        })
        .mapValues(user -> clean.encoded(CLEAN_ID, cleansed(user, clean)))
        .to(output, Produced.with(Serdes.String(), Serdes.ByteArray()));
  }

  private static GenericRecord cleansed(GenericRecord user, AvroCodec codec) {
    GenericRecord name = in(user, "name");
    GenericRecord location = in(user, "location");
    GenericRecord coordinates = in(location, "coordinates");
    String email = text(user, "email").toLowerCase(Locale.ROOT);
    int age = (Integer) in(user, "dob").get("age");
    GenericRecord clean = new GenericData.Record(codec.schema());
    clean.put("uuid", text(in(user, "login"), "uuid"));
    clean.put("username", text(in(user, "login"), "username"));
    clean.put("title", text(name, "title"));
    clean.put("fullName", text(name, "first") + " " + text(name, "last"));
    clean.put("email", email);
    clean.put("emailDomain", email.substring(email.lastIndexOf('@') + 1));
    clean.put("gender", text(user, "gender"));
    clean.put("birthDate", text(in(user, "dob"), "date").substring(0, 10));
    clean.put("age", age);
    clean.put("ageBand", Cleanse.ageBand(age));
    clean.put("city", text(location, "city"));
    clean.put("state", text(location, "state"));
    clean.put("country", text(location, "country").toUpperCase(Locale.ROOT));
    clean.put("nat", text(user, "nat").toUpperCase(Locale.ROOT));
    clean.put("postcode", text(location, "postcode"));
    clean.put("latitude", text(coordinates, "latitude"));
    clean.put("longitude", text(coordinates, "longitude"));
    clean.put("phone", text(user, "phone"));
    clean.put("cell", text(user, "cell"));
    clean.put("registeredDate", text(in(user, "registered"), "date").substring(0, 10));
    clean.put("picture", text(in(user, "picture"), "medium"));
    return clean;
  }

  private static boolean isSaid(Object text) {
    return text != null && !text.toString().isEmpty();
  }

  private static GenericRecord in(GenericRecord record, String field) {
    return (GenericRecord) record.get(field);
  }

  private static String text(GenericRecord record, String field) {
    return record.get(field).toString();
  }
}
