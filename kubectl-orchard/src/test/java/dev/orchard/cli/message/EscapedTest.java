package dev.orchard.cli.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EscapedTest {
  @Test
  void leavesPlainTextOfAnyLanguageAsItIs() {
    assertThat(Escaped.line("VM 'größe' – 日本語 🌳")).isEqualTo("VM 'größe' – 日本語 🌳");
  }

  @Test
  void escapesWhatBreaksTheLine() {
    assertThat(Escaped.line("a\nb\rc\td")).isEqualTo("a\\nb\\rc\\td");
  }

  @ParameterizedTest
  @CsvSource({
    "0x1b, escape",
    "0x00, null",
    "0x08, backspace",
    "0x7f, delete",
    "0x9b, C1 control sequence introducer",
    "0x202e, right-to-left override",
    "0x2028, line separator",
    "0xd800, lone surrogate"
  })
  void escapesWhatMovesTheCursorOrTurnsTheText(String unit, String name) {
    int point = Integer.decode(unit);
    assertThat(Escaped.line("<" + Character.toString(point) + ">"))
        .as(name)
        .isEqualTo("<\\u%04x>".formatted(point));
  }

  @Test
  void escapesInvisibleCharactersBeyondTheFirstPlane() {
    assertThat(Escaped.line(Character.toString(0xE0001))).isEqualTo("\\udb40\\udc01");
  }
}
