package bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/** What bench/w1/cleanse.ts does, byte for byte. */
final class Cleanse {
  private Cleanse() {}

  static boolean isComplete(JsonNode user) {
    return isSaid(user.path("email")) && isSaid(user.path("login").path("uuid"));
  }

  static byte[] cleansed(JsonNode user) {
    JsonNode name = user.get("name");
    JsonNode location = user.get("location");
    JsonNode coordinates = location.get("coordinates");
    String email = text(user, "email").toLowerCase(Locale.ROOT);
    int age = user.get("dob").get("age").intValue();
    ObjectNode clean = Json.MAPPER.createObjectNode();
    clean.put("uuid", text(user.get("login"), "uuid"));
    clean.put("username", text(user.get("login"), "username"));
    clean.put("title", text(name, "title"));
    clean.put("fullName", text(name, "first") + " " + text(name, "last"));
    clean.put("email", email);
    clean.put("emailDomain", email.substring(email.lastIndexOf('@') + 1));
    clean.put("gender", text(user, "gender"));
    clean.put("birthDate", text(user.get("dob"), "date").substring(0, 10));
    clean.put("age", age);
    clean.put("ageBand", ageBand(age));
    clean.put("city", text(location, "city"));
    clean.put("state", text(location, "state"));
    clean.put("country", text(location, "country").toUpperCase(Locale.ROOT));
    clean.put("nat", text(user, "nat").toUpperCase(Locale.ROOT));
    clean.put("postcode", text(location, "postcode"));
    clean.put("latitude", text(coordinates, "latitude"));
    clean.put("longitude", text(coordinates, "longitude"));
    clean.put("phone", text(user, "phone"));
    clean.put("cell", text(user, "cell"));
    clean.put("registeredDate", text(user.get("registered"), "date").substring(0, 10));
    clean.put("picture", text(user.get("picture"), "medium"));
    return Json.bytes(clean);
  }

  private static boolean isSaid(JsonNode node) {
    return node.isTextual() && !node.asText().isEmpty();
  }

  private static String text(JsonNode node, String field) {
    return node.get(field).asText();
  }

  static String ageBand(int age) {
    if (age <= 17) return "0-17";
    if (age <= 24) return "18-24";
    if (age <= 34) return "25-34";
    if (age <= 44) return "35-44";
    if (age <= 54) return "45-54";
    return age <= 64 ? "55-64" : "65+";
  }
}
