package bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/** Generic records in the wire format of a registry: a zero, the schema's id in four bytes, the body. */
final class AvroCodec {
  private static final int HEADER = 5;

  private final Schema schema;
  /** Of each stream thread: what is reused is not shared. */
  private final ThreadLocal<Parts> parts;

  AvroCodec(String file) {
    try {
      schema = new Schema.Parser().parse(Path.of(file).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    parts = ThreadLocal.withInitial(() -> new Parts(schema));
  }

  Schema schema() {
    return schema;
  }

  GenericRecord decoded(byte[] bytes) {
    Parts own = parts.get();
    try {
      own.decoder = DecoderFactory.get().binaryDecoder(bytes, HEADER, bytes.length - HEADER, own.decoder);
      return own.reader.read(null, own.decoder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] encoded(int id, GenericRecord record) {
    Parts own = parts.get();
    own.bytes.reset();
    own.bytes.writeBytes(ByteBuffer.allocate(HEADER).put((byte) 0).putInt(id).array());
    try {
      own.encoder = EncoderFactory.get().binaryEncoder(own.bytes, own.encoder);
      own.writer.write(record, own.encoder);
      own.encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return own.bytes.toByteArray();
  }

  private static final class Parts {
    final GenericDatumReader<GenericRecord> reader;
    final GenericDatumWriter<GenericRecord> writer;
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryDecoder decoder;
    BinaryEncoder encoder;

    Parts(Schema schema) {
      reader = new GenericDatumReader<>(schema);
      writer = new GenericDatumWriter<>(schema);
    }
  }
}
