package dev.orchard.worker.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class HostProcessTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final String mark = UUID.randomUUID().toString();

  /** A shell that has the mark among its arguments, and waits for its stdin to end. */
  private Process marked() throws IOException {
    return new ProcessBuilder("/bin/sh", "-c", "read line; exit 0", mark).start();
  }

  @Test
  void aProcessIsKnownByPidAndStart() throws IOException, InterruptedException {
    Process shell = marked();
    HostProcess process = HostProcess.of(shell.pid()).orElseThrow();

    assertThat(process.alive()).isTrue();
    assertThat(new HostProcess(process.pid(), process.startTicks() + 1).alive()).isFalse();
    assertThat(HostProcess.parse(process.pid() + " " + process.startTicks())).contains(process);

    process.kill();
    assertThat(process.awaitEnd(PATIENCE)).isTrue();
    assertThat(process.alive()).isFalse();
  }

  @Test
  void aProcessIsFoundByItsArgument() throws IOException, InterruptedException {
    Process shell = marked();

    HostProcess found = HostProcess.withArgument(mark).orElseThrow();

    assertThat(found.pid()).isEqualTo(shell.pid());
    assertThat(found.hasArgument(mark)).isTrue();
    assertThat(found.hasArgument("another")).isFalse();
    found.terminate();
    assertThat(found.awaitEnd(PATIENCE)).isTrue();
    assertThat(HostProcess.withArgument(mark)).isEmpty();
  }

  @Test
  void aProcessOfTheSamePidThatStartedAtAnotherTimeIsNotKilled() throws IOException {
    Process shell = marked();
    HostProcess process = HostProcess.of(shell.pid()).orElseThrow();

    new HostProcess(process.pid(), process.startTicks() - 1).kill();

    assertThat(process.alive()).isTrue();
    process.kill();
  }

  @Test
  void whatIsNoRecordIsNoProcess() {
    assertThat(HostProcess.parse("")).isEmpty();
    assertThat(HostProcess.parse("12")).isEmpty();
    assertThat(HostProcess.parse("12 x")).isEmpty();
  }
}
