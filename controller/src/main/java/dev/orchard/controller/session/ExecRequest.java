package dev.orchard.controller.session;

import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.DisconnectPolicy;
import dev.orchard.crds.vmexec.EnvVar;
import dev.orchard.crds.vmexec.OutputSpec;
import dev.orchard.crds.vmexec.Stdin;
import dev.orchard.crds.vmexec.Tty;
import dev.orchard.crds.vmexec.VMExecSpec;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A command that somebody asks for, checked against the limits.
 *
 * @param name of the session, which makes asking twice the same as asking once; absent: any
 * @param env names are different from each other
 * @param disconnectPolicy absent: as the form of the request has it
 * @param timeoutSeconds 0: none
 * @param idleTimeoutSeconds 0: none
 * @param ttlSecondsAfterFinished how long the object stays after the end
 */
public record ExecRequest(
    @Nullable String name,
    List<String> command,
    List<EnvVar> env,
    @Nullable String workingDir,
    @Nullable String user,
    StdinSource stdin,
    @Nullable Tty tty,
    @Nullable DisconnectPolicy disconnectPolicy,
    int startTimeoutSeconds,
    int timeoutSeconds,
    int idleTimeoutSeconds,
    int terminationGracePeriodSeconds,
    OutputSpec output,
    int ttlSecondsAfterFinished) {
  /** Where an object says what its creator had asked for. */
  public static final String DIGEST_ANNOTATION = "orchard.dev/spec-digest";

  /** How long an object usually stays after the end: a day. */
  public static final int USUAL_TTL_SECONDS = 86_400;

  public ExecRequest {
    command = List.copyOf(command);
    env = List.copyOf(env);
  }

  /** One whose object stays for a day after the end. */
  public ExecRequest(
      @Nullable String name,
      List<String> command,
      List<EnvVar> env,
      @Nullable String workingDir,
      @Nullable String user,
      StdinSource stdin,
      @Nullable Tty tty,
      @Nullable DisconnectPolicy disconnectPolicy,
      int startTimeoutSeconds,
      int timeoutSeconds,
      int idleTimeoutSeconds,
      int terminationGracePeriodSeconds,
      OutputSpec output) {
    this(
        name,
        command,
        env,
        workingDir,
        user,
        stdin,
        tty,
        disconnectPolicy,
        startTimeoutSeconds,
        timeoutSeconds,
        idleTimeoutSeconds,
        terminationGracePeriodSeconds,
        output,
        USUAL_TTL_SECONDS);
  }

  /**
   * The object's spec, bound to where it is going to run.
   *
   * @param requestedBy absent where whoever asks creates it
   */
  VMExecSpec spec(String vm, Binding target, DisconnectPolicy usual, @Nullable String requestedBy) {
    return VMExecSpec.of(vm, command)
        .target(target)
        .env(env)
        .workingDir(workingDir)
        .user(user)
        .stdin(stdin instanceof StdinSource.None ? Stdin.NONE : Stdin.ATTACH)
        .tty(tty)
        .disconnectPolicy(disconnectPolicy == null ? usual : disconnectPolicy)
        .startTimeoutSeconds(startTimeoutSeconds)
        .timeoutSeconds(timeoutSeconds)
        .idleTimeoutSeconds(idleTimeoutSeconds)
        .terminationGracePeriodSeconds(terminationGracePeriodSeconds)
        .output(output)
        .ttlSecondsAfterFinished(ttlSecondsAfterFinished)
        .requestedBy(requestedBy)
        .build();
  }

  /** Same for two requests for the same in the same VM: SHA-256 of all that was asked for. */
  public String digest(String vm) {
    TreeMap<String, String> sorted = new TreeMap<>();
    env.forEach(v -> sorted.put(v.name(), v.value()));
    Digest digest = new Digest();
    digest.add(vm);
    digest.add(command.size());
    command.forEach(digest::add);
    digest.add(sorted.size());
    sorted.forEach((key, value) -> {
      digest.add(key);
      digest.add(value);
    });
    digest.add(workingDir);
    digest.add(user);
    switch (stdin) {
      case StdinSource.None() -> digest.add("none");
      case StdinSource.Attach() -> digest.add("attach");
      case StdinSource.Inline inline -> {
        digest.add("inline");
        digest.add(inline.data().toByteArray());
      }
    }
    digest.add(tty == null ? null : tty.rows() + "x" + tty.cols());
    digest.add(disconnectPolicy == null ? null : disconnectPolicy.word());
    digest.add(startTimeoutSeconds);
    digest.add(timeoutSeconds);
    digest.add(idleTimeoutSeconds);
    digest.add(terminationGracePeriodSeconds);
    digest.add(output.toString());
    return digest.hex();
  }

  /** Every field with its length before it, so that no two lists of fields are the same bytes. */
  private static final class Digest {
    private final MessageDigest sha256;

    Digest() {
      try {
        sha256 = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    void add(@Nullable String text) {
      if (text == null) {
        sha256.update(new byte[] {'-'});
      } else {
        add(text.getBytes(StandardCharsets.UTF_8));
      }
    }

    void add(int number) {
      add(Integer.toString(number));
    }

    void add(byte[] bytes) {
      sha256.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
      sha256.update(bytes);
    }

    String hex() {
      return HexFormat.of().formatHex(sha256.digest());
    }
  }
}
