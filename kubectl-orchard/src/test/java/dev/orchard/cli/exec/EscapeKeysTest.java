package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.orchard.cli.message.CliException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EscapeKeysTest {
  private final EscapeKeys keys = EscapeKeys.of("~");

  private List<EscapeKeys.Key> type(String text) {
    return keys.typed(ByteString.copyFromUtf8(text));
  }

  private static EscapeKeys.Key typed(String text) {
    return new EscapeKeys.Key.Typed(ByteString.copyFromUtf8(text));
  }

  @Test
  void areThereAtTheVeryStartAndBehindEveryLine() {
    assertThat(type("~.")).containsExactly(new EscapeKeys.Key.HangUp());
    assertThat(type("ls\r~d")).containsExactly(typed("ls\r"), new EscapeKeys.Key.Detach());
    assertThat(type("\n~?x")).containsExactly(typed("\n"), new EscapeKeys.Key.Help(), typed("x"));
  }

  @Test
  void areOrdinaryWithinALine() {
    assertThat(type("a~.~d")).containsExactly(typed("a~.~d"));
  }

  @Test
  void waitForTheSecondKeyHoweverLateItComes() {
    assertThat(type("~")).isEmpty();
    assertThat(type(".")).containsExactly(new EscapeKeys.Key.HangUp());
  }

  @Test
  void meanThemselvesWhereNothingElseIsMeant() {
    assertThat(type("~~")).containsExactly(typed("~"));
    assertThat(type("\r~x~.")).containsExactly(typed("\r~x~."));
    assertThat(type("\r~\r~.")).containsExactly(typed("\r~\r"), new EscapeKeys.Key.HangUp());
  }

  @Test
  void canBeOthersOrNone() {
    assertThat(EscapeKeys.of("%").typed(ByteString.copyFromUtf8("~.\r%.")))
        .containsExactly(typed("~.\r"), new EscapeKeys.Key.HangUp());
    assertThat(EscapeKeys.of("none").typed(ByteString.copyFromUtf8("~.")))
        .containsExactly(typed("~."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "^]", " ", "\u001d", "ä"})
  void areRefusedWhereTheyAreNoKey(String option) {
    assertThatThrownBy(() -> EscapeKeys.of(option)).isInstanceOf(CliException.class);
  }
}
