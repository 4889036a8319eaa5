package dev.orchard.exec.frame;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Base64;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MalformedFramesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                                                     | frame: no JSON object
          42                                                     | frame: no JSON object
          [{"event":"detach"}]                                   | frame: no JSON object
          {"event":"detach"                                      | frame: no JSON that frames allow
          {"event":"detach"} {"event":"detach"}                  | frame: more than one JSON value
          {"event":"detach"} x                                   | frame: no JSON that frames allow
          {"event":"detach","event":"resize"}                    | frame: no JSON that frames allow: "Duplicate
          {"event":"detach","x":[[[[[[[[[1]]]]]]]]]}             | frame: no JSON that frames allow: "Document nesting depth
          {'event':'detach'}                                     | frame: no JSON that frames allow
          {"event":"stdin","offset":01,"eof":true}               | frame: no JSON that frames allow
          {"event":"stdin","offset":NaN,"eof":true}              | frame: no JSON that frames allow
          {}                                                     | event: missing: must be a string
          {"event":7}                                            | event: a number, must be a string
          {"event":"Detach"}                                     | event: "Detach" is not known
          {"event":"frame"}                                      | event: "frame" is not known
          {"event":"stdin","offset":0}                           | stdin.data: missing
          {"event":"stdin","data":null,"offset":0}               | stdin.data: missing
          {"event":"stdin","data":"","offset":0}                 | stdin.data: empty: send bytes, eof or both
          {"event":"stdin","data":{"a":1},"offset":0}            | stdin.data: an object, must be a string
          {"event":"stdin","data":"aGk","offset":0,"eof":1}      | stdin.eof: a number, must be true or false
          {"event":"stdin","data":"a-k_","offset":0}             | stdin.data: no base64
          {"event":"stdin","data":"aGk=\\n","offset":0}          | stdin.data: no base64
          {"event":"stdin","data":"aGk="}                        | stdin.offset: missing: must be a whole number
          {"event":"stdin","data":"aGk=","offset":-1}            | stdin.offset: -1 is negative
          {"event":"stdin","data":"aGk=","offset":"0"}           | stdin.offset: a string, must be a whole number
          {"event":"stdin","data":"aGk=","offset":0.5}           | stdin.offset: a fraction, must be a whole number
          {"event":"stdin","data":"aGk=","offset":9223372036854775807} | stdin.offset: 9223372036854775807 with 2 bytes is beyond 2^63
          {"event":"stdin","data":"aGk=","offset":9223372036854775808} | stdin.offset: a number beyond 64 bits
          {"event":"stdout","data":"","offset":0}                | stdout.data: empty: send no frame
          {"event":"stderr","data":["aGk="],"offset":0}          | stderr.data: an array, must be a string
          {"event":"gap","from":4,"to":4}                        | gap.to: 4 is not behind from=4
          {"event":"resize","rows":0,"cols":80}                  | resize.rows: 0 is not in 1 to 65535
          {"event":"resize","rows":24,"cols":4294967376}         | resize.cols: 2147483647 is not in
          {"event":"resize","rows":24}                           | resize.cols: missing
          {"event":"signal","signal":"SIGTERM"}                  | signal.signal: "SIGTERM" is none of HUP INT
          {"event":"signal","signal":"SEGV"}                     | signal.signal: "SEGV" is none of HUP INT
          {"event":"signal","signal":"KILL;reboot\\n"}           | signal.signal: "KILL;reboot?" is none of
          {"event":"heartbeat","ticket":true}                    | heartbeat.ticket: a truth value, must be a string
          {"event":"started","session":"\\ud83c"}                | started.session: half of a surrogate pair
          {"event":"error","code":"Broken"}                      | error.code: "Broken" is not known
          {"event":"error","code":"Internal","end":1}            | error.end: 1 with code Internal
          {"event":"exit","reason":"exited","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.reason: "exited" is not known
          {"event":"exit","reason":"Exited","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.code: missing with reason Exited
          {"event":"exit","code":256,"reason":"Exited","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.code: 256 is not in 0 to 255
          {"event":"exit","code":"0","reason":"Exited","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.code: a string, must be a whole number
          {"event":"exit","signal":"kill","reason":"Signaled","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.signal: "kill" is no name of a signal
          {"event":"exit","code":0,"signal":"KILL","reason":"Exited","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.signal: KILL and code 0
          {"event":"exit","code":1,"reason":"StartFailed","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.reason: StartFailed has code 126, 127 or none
          {"event":"exit","code":1,"reason":"Lost","stdoutBytes":0,"stderrBytes":0,"durationMs":0} | exit.reason: Lost has neither
          {"event":"exit","code":0,"reason":"Exited","stdoutBytes":-1,"stderrBytes":0,"durationMs":0} | exit.stdoutBytes: -1 is negative
          {"event":"exit","code":0,"reason":"Exited","stdoutBytes":0,"stderrBytes":0,"durationMs":-1} | exit.durationMs: PT-0.001S is negative
          {"event":"exit","code":0,"reason":"Exited","stdoutBytes":0,"stderrBytes":0,"stdoutSha256":"00","durationMs":0} | exit.stdoutSha256: 1 bytes, SHA-256 has 32
          {"event":"exit","code":0,"reason":"Exited","stdoutBytes":0,"stderrBytes":0,"stdoutSha256":"xy","durationMs":0} | exit.stdoutSha256: "xy" is not hexadecimal
          """)
  void isRefusedWithTheFieldAndTheRemedy(String json, String message) {
    refused(json, message);
  }

  private static Stream<Arguments> large() {
    String tooMuch = Base64.getEncoder().encodeToString(new byte[Frame.MAX_DATA + 1]);
    return Stream.of(
        Arguments.of(
            "{\"event\":\"stdin\",\"data\":\"" + tooMuch + "\",\"offset\":0}",
            "stdin.data: 24001 bytes, at most 24000: send several frames"),
        Arguments.of(
            "{\"event\":\"detach\"" + " ".repeat(JsonFrames.MAX_BYTES) + "}",
            "frame: 32786 bytes of JSON, at most 32768"),
        Arguments.of("[".repeat(30_000), "frame: no JSON object"),
        Arguments.of(
            "{\"event\":\"detach\",\"x\":" + "[".repeat(30_000),
            "frame: no JSON that frames allow: \"Document nesting depth"),
        Arguments.of(
            "{\"event\":\"ack\",\"stdinOffset\":" + "9".repeat(30_000) + "}",
            "frame: no JSON that frames allow: \"Number value length"),
        Arguments.of(
            "{\"event\":\"detach\",\"" + "x".repeat(30_000) + "\":1}",
            "frame: no JSON that frames allow: \"Name length"),
        Arguments.of(
            "{\"event\":\"started\",\"session\":\"" + "s".repeat(254) + "\"}",
            "started.session: 254 characters, at most 253"));
  }

  @ParameterizedTest
  @MethodSource
  void large(String json, String message) {
    refused(json, message);
  }

  private static void refused(String json, String message) {
    assertThatExceptionOfType(InvalidFrameException.class)
        .isThrownBy(() -> JsonFrames.decode(json.getBytes(UTF_8)))
        .withMessageStartingWith(message)
        .satisfies(refusal ->
            assertThat(refusal.field()).isEqualTo(message.substring(0, message.indexOf(':'))))
        .satisfies(refusal -> assertThat(refusal.getMessage()).hasSizeLessThan(300));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " {\"event\" : \"detach\"} \r\n",
        "{\"new\":{\"deep\":[1,{}]},\"event\":\"detach\",\"newer\":null}",
        "{\"event\":\"detach\",\"data\":\"of no interest here\",\"rows\":{}}"
      })
  void unknownFieldsAndWhiteSpaceAreIgnored(String json) {
    assertThat(JsonFrames.decode(json.getBytes(UTF_8))).isEqualTo(new Frame.Detach());
  }

  @Test
  void eachDirectionRefusesTheOthersFrames() {
    byte[] out = JsonFrames.encode(new Frame.Ack(1));
    byte[] in = JsonFrames.encode(new Frame.Detach());
    assertThatExceptionOfType(InvalidFrameException.class)
        .isThrownBy(() -> JsonFrames.decodeIn(out))
        .withMessage(
            "event: \"ack\" comes from sessions alone: "
                + "send stdin, resize, signal, detach or heartbeat");
    assertThatExceptionOfType(InvalidFrameException.class)
        .isThrownBy(() -> JsonFrames.decodeOut(in))
        .withMessage("event: \"detach\" comes from clients alone");
  }

  /** Whatever arrives is a frame or refused as one: nothing else may come out of the decoder. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void damagedJsonIsAFrameOrRefused(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Frames frames = new Frames(random);
    int refused = 0;
    for (int i = 0; i < 5_000; i++) {
      byte[] json = JsonFrames.encode(frames.next());
      byte[] damaged = Arrays.copyOf(json, random.nextInt(json.length) + 1);
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      try {
        JsonFrames.decode(damaged);
      } catch (InvalidFrameException _) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(4_000);
  }

  @Test
  void protobufWithoutAKnownEventOrWordIsRefused() {
    dev.orchard.proto.frame.v1.Frame empty = dev.orchard.proto.frame.v1.Frame.getDefaultInstance();
    dev.orchard.proto.frame.v1.Frame newCode =
        dev.orchard.proto.frame.v1.Frame.newBuilder()
            .setError(dev.orchard.proto.frame.v1.Error.newBuilder().setCodeValue(99))
            .build();
    dev.orchard.proto.frame.v1.Frame noReason =
        dev.orchard.proto.frame.v1.Frame.newBuilder()
            .setExit(dev.orchard.proto.frame.v1.Exit.getDefaultInstance())
            .build();
    assertThatExceptionOfType(InvalidFrameException.class)
        .isThrownBy(() -> ProtoFrames.decode(empty))
        .withMessageStartingWith("frame: no event that this version knows");
    assertThatExceptionOfType(InvalidFrameException.class)
        .isThrownBy(() -> ProtoFrames.decode(newCode))
        .withMessage("error.code: UNRECOGNIZED is not known to this version");
    assertThatExceptionOfType(InvalidFrameException.class)
        .isThrownBy(() -> ProtoFrames.decode(noReason))
        .withMessage("exit.reason: EXIT_REASON_UNSPECIFIED is not known to this version");
  }
}
