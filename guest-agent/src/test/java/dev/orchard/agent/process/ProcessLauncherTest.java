package dev.orchard.agent.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessLauncherTest {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  @TempDir Path folder;

  @Test
  void passesEveryArgumentByteForByte() throws Exception {
    String[] arguments = {
      "", " ", "a b", "$HOME", "'\"\\", "*", "ünï\tcödé\n", "\uD83D\uDE80", "-n"
    };
    String[] command = new String[arguments.length + 2];
    command[0] = "printf";
    command[1] = "[%s]";
    System.arraycopy(arguments, 0, command, 2, arguments.length);

    assertThat(Ran.of(command).stdout()).isEqualTo("[" + String.join("][", arguments) + "]");
  }

  @Test
  void setsWhatTheRequestLeavesOpenInTheEnvironmentAndNothingElse() throws Exception {
    Ran ran = Ran.of(Ran.pipes(Map.of("GREETING", "hi = 'there'", "SHELL", "/bin/mine"), "env"));

    assertThat(ran.stdout().lines())
        .contains(
            "GREETING=hi = 'there'",
            "SHELL=/bin/mine",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=" + System.getProperty("user.home"),
            "USER=" + System.getProperty("user.name"),
            "LOGNAME=" + System.getProperty("user.name"))
        .hasSize(6);
  }

  @Test
  void startsInTheHomeDirectoryUnlessToldOtherwise() throws Exception {
    assertThat(Ran.of("pwd").stdout().strip()).isEqualTo(System.getProperty("user.home"));
    Ran elsewhere = Ran.of(Ran.spec(Map.of(), folder.toString(), "", null, "pwd"));
    assertThat(elsewhere.stdout().strip()).isEqualTo(folder.toString());
  }

  @Test
  void namesAWorkingDirectoryThatIsMissing() throws Exception {
    assertThat(Ran.launch(Ran.spec(Map.of(), "/no/such", "", null, "pwd")))
        .isEqualTo(new Launch.Failed(126, "working directory /no/such: No such file or directory"));
    assertThat(Ran.launch(Ran.spec(Map.of(), "/etc/passwd", "", null, "pwd")))
        .isEqualTo(new Launch.Failed(126, "working directory /etc/passwd: Not a directory"));
    assertThat(Ran.launch(Ran.spec(Map.of(), "tmp", "", null, "pwd")))
        .isEqualTo(new Launch.Failed(126, "working directory tmp: is not absolute"));
  }

  @Test
  void looksForAProgramInTheProcessOwnPath() throws Exception {
    Path program = script("hello-of-mine", "#!/bin/sh\necho found $0");

    Ran ran = Ran.of(Ran.pipes(Map.of("PATH", "/no/such:" + folder), "hello-of-mine"));

    assertThat(ran.stdout().strip()).isEqualTo("found " + program);
    assertThat(Ran.launch(Ran.pipes(Map.of(), "hello-of-mine")))
        .isEqualTo(new Launch.Failed(127, "exec hello-of-mine: No such file or directory"));
  }

  @Test
  void passesOverADirectoryOfTheProgramsName() throws Exception {
    Files.createDirectories(folder.resolve("first/true"));

    Ran ran = Ran.of(Ran.pipes(Map.of("PATH", folder + "/first:/usr/bin:/bin"), "true"));

    assertThat(ran.end().code()).isZero();
  }

  @Test
  void findsARelativeProgramFromTheWorkingDirectory() throws Exception {
    script("here", "#!/bin/sh\necho here");
    String directory = folder.toString();

    assertThat(Ran.of(Ran.spec(Map.of(), directory, "", null, "./here")).stdout())
        .isEqualTo("here\n");
    assertThat(Ran.of(Ran.spec(Map.of("PATH", ":/bin"), directory, "", null, "here")).stdout())
        .isEqualTo("here\n");
  }

  @Test
  void tellsAProgramThatIsMissingFromOneThatCannotRun() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "not a program");
    Path noShebang = script("no-shebang", "echo never a shell of ours");

    assertThat(Ran.launch(Ran.pipes(Map.of(), "/no/such/program")))
        .isEqualTo(new Launch.Failed(127, "exec /no/such/program: No such file or directory"));
    assertThat(Ran.launch(Ran.pipes(Map.of(), text.toString())))
        .isEqualTo(new Launch.Failed(126, "exec " + text + ": Permission denied"));
    assertThat(Ran.launch(Ran.pipes(Map.of(), folder.toString())))
        .isEqualTo(new Launch.Failed(126, "exec " + folder + ": Permission denied"));
    assertThat(Ran.launch(Ran.pipes(Map.of(), noShebang.toString())))
        .isEqualTo(new Launch.Failed(126, "exec " + noShebang + ": Exec format error"));
  }

  @Test
  void leavesNoDescriptorButTheThreeToTheProcess() throws Exception {
    // The directory that ls itself reads is the fourth.
    assertThat(Ran.of("ls", "/proc/self/fd").stdout()).isEqualTo("0\n1\n2\n3\n");
  }

  @Test
  void blocksAndIgnoresNoSignal() throws Exception {
    Ran ran = Ran.of("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status");

    assertThat(ran.stdout()).isEqualTo("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  }

  @Test
  void makesTheProcessLeaderOfItsOwnSession() throws Exception {
    Ran ran = Ran.of("sh", "-c", "echo $$; cut -d' ' -f5,6 /proc/self/stat");

    List<String> lines = ran.stdout().lines().toList();
    assertThat(lines.get(1)).isEqualTo(lines.get(0) + " " + lines.get(0));
  }

  @Test
  void readsNothingFromAStdinThatIsNotThere() throws Exception {
    assertThat(Ran.of("cat").stdout()).isEmpty();
  }

  @Test
  void keepsStderrApartAndTellsTheCode() throws Exception {
    Ran ran = Ran.of("sh", "-c", "echo out; echo err >&2; exit 7");

    assertThat(ran).isEqualTo(new Ran(new ChildProcess.End(7, null), "out\n", "err\n"));
  }

  @Test
  void tellsTheSignalThatEndedTheProcess() throws Exception {
    assertThat(Ran.of("sh", "-c", "kill -SEGV $$").end())
        .isEqualTo(new ChildProcess.End(null, "SEGV"));
    assertThat(Ran.of("bash", "-c", "kill -37 $$").end())
        .isEqualTo(new ChildProcess.End(null, "RTMIN+3"));
  }

  @Test
  void signalsTheWholeGroup() throws Exception {
    try (ChildProcess process =
        Ran.running(Ran.pipes(Map.of(), "sh", "-c", "sleep 1000 & echo started; wait"))) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(100);
      while (process.read(StdStream.STDOUT, buffer) == 0) {
        Thread.onSpinWait();
      }

      process.signal(Signals.TERM);

      // The pipes end only when the child, which holds them too, is gone.
      assertThat(Ran.finish(process).end()).isEqualTo(new ChildProcess.End(null, "TERM"));
    }
  }

  @Test
  void givesATerminalThatTheProcessControls() throws Exception {
    Ran ran =
        Ran.of(
            Ran.spec(
                Map.of(),
                "",
                "",
                new TerminalSize(33, 101),
                "sh",
                "-c",
                "stty size; tty; echo $TERM; echo err >&2; ps -o tpgid= -p $$ | tr -d ' '; echo"
                    + " $$"));

    List<String> lines = ran.stdout().lines().toList();
    assertThat(lines.get(0)).isEqualTo("33 101");
    assertThat(lines.get(1)).startsWith("/dev/pts/");
    assertThat(lines.get(2)).isEqualTo("xterm-256color");
    assertThat(lines.get(3)).isEqualTo("err");
    assertThat(lines.get(4)).isEqualTo(lines.get(5));
  }

  @Test
  void runsAsAnotherUser() throws Exception {
    assumeTrue(ROOT, "only root may become another user");

    Ran ran =
        Ran.of(Ran.spec(Map.of(), "", "nobody", null, "sh", "-c", "id -u; id -G; echo $USER"));
    assertThat(ran.stdout()).isEqualTo("65534\n65534\nnobody\n");
    // The agent itself has stayed what it was.
    assertThat(Ran.of("id", "-u").stdout()).isEqualTo("0\n");

    assertThat(
            Ran.of(Ran.spec(Map.of(), "", "4321", null, "sh", "-c", "id -u; id -G; pwd")).stdout())
        .isEqualTo("4321\n4321\n/\n");
    assertThat(Ran.of(Ran.spec(Map.of(), "", "4321:77", null, "sh", "-c", "id -u; id -G")).stdout())
        .isEqualTo("4321\n77\n");
  }

  @Test
  void givesAnotherUserItsTerminalAndPipes() throws Exception {
    assumeTrue(ROOT, "only root may become another user");
    String[] command = {"sh", "-c", "echo to the file > /dev/stdout; echo x > /dev/stderr; id -un"};

    TerminalSize size = new TerminalSize(24, 80);
    assertThat(Ran.of(Ran.spec(Map.of(), "", "nobody", size, command)).stdout())
        .isEqualTo("to the file\r\nx\r\nnobody\r\n");
    assertThat(Ran.of(Ran.spec(Map.of(), "", "nobody", null, command)))
        .isEqualTo(new Ran(new ChildProcess.End(0, null), "to the file\nnobody\n", "x\n"));
  }

  @Test
  void refusesAUserThatIsNotThere() throws Exception {
    for (String user : List.of("no-such-user", "4294967295", "0:4294967295", "9999999999")) {
      assertThat(Ran.launch(Ran.spec(Map.of(), "", user, null, "id")))
          .isEqualTo(new Launch.Failed(126, "user " + user + ": the guest has no such user"));
    }
  }

  @Test
  void checksDirectoryAndProgramAsTheUser() throws Exception {
    assumeTrue(ROOT, "only root may become another user");
    Path closed =
        Files.createDirectory(
            folder.resolve("closed"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));

    assertThat(Ran.launch(Ran.spec(Map.of(), closed.toString(), "nobody", null, "true")))
        .isEqualTo(new Launch.Failed(126, "working directory " + closed + ": Permission denied"));
  }

  @Test
  void refusesWhatTheKernelCannotTake() {
    assertThatThrownBy(() -> Ran.pipes(Map.of(), "echo", "a\0b"))
        .hasMessage("command: has a zero byte, which the kernel takes for its end");
    assertThatThrownBy(() -> Ran.pipes(Map.of("A=B", "c"), "echo"))
        .hasMessage("env: \"A=B\" is no name of a variable: it is empty or has a =");
    assertThatThrownBy(() -> Ran.pipes(Map.of(), ""))
        .hasMessage("command: no program: send at least one argument");
  }

  private Path script(String name, String text) throws IOException {
    Path path = Files.writeString(folder.resolve(name), text);
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
