package dev.orchard.exec.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputRoomTest {
  private static final long MIB = 1 << 20;

  @ParameterizedTest
  @CsvSource({"DROP_OLDEST, EVICT", "BLOCK, WAIT", "TERMINATE, TERMINATE"})
  void doesAsToldWhileNobodyReads(OnOutputLimit onLimit, OutputRoom.Decision decision) {
    OutputRoom room = new OutputRoom(64 * MIB, onLimit);
    assertThat(room.decide(64 * MIB - 1, 64 * MIB - 1, 8 * MIB, OptionalLong.empty()))
        .isEqualTo(OutputRoom.Decision.APPEND);
    assertThat(room.decide(64 * MIB, 64 * MIB, 8 * MIB, OptionalLong.empty())).isEqualTo(decision);
  }

  @Test
  void keepsWhatLiesCloseBehindAForegroundReader() {
    OutputRoom room = new OutputRoom(64 * MIB, OnOutputLimit.DROP_OLDEST);
    assertThat(room.decide(64 * MIB, 64 * MIB, 8 * MIB, OptionalLong.of(16 * MIB - 1)))
        .isEqualTo(OutputRoom.Decision.WAIT);
    assertThat(room.decide(64 * MIB, 64 * MIB, 8 * MIB, OptionalLong.of(16 * MIB)))
        .isEqualTo(OutputRoom.Decision.EVICT);
  }

  @Test
  void neverLetsTheProcessWaitForAReaderThatHasReadAll() {
    OutputRoom small = new OutputRoom(MIB, OnOutputLimit.DROP_OLDEST);
    assertThat(small.decide(MIB, MIB, MIB / 8, OptionalLong.of(MIB - 1)))
        .isEqualTo(OutputRoom.Decision.WAIT);
    assertThat(small.decide(MIB, MIB, MIB / 8, OptionalLong.of(MIB)))
        .isEqualTo(OutputRoom.Decision.EVICT);
  }
}
