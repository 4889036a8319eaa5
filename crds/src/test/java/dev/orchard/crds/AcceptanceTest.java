package dev.orchard.crds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.crds.testing.ApiServer;
import dev.orchard.crds.testing.ApiServer.Kubectl;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.Tty;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerSpec;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a real API server makes of our kinds. */
class AcceptanceTest {
  @RegisterExtension static final ApiServer API = new ApiServer();

  private String namespace = "";

  @BeforeEach
  void namespace() {
    namespace = API.namespace("crds");
  }

  @Test
  void keepsEveryFieldOfAVmExec() {
    VMExec sent =
        create(
            RoundTripTest.named(new VMExec(), "e", RoundTripTest.fullExecSpec()),
            RoundTripTest.fullExecStatus());

    VMExec kept = API.client().resource(sent).get();

    assertThat(kept.getSpec()).isEqualTo(RoundTripTest.fullExecSpec());
    assertThat(kept.getStatus()).isEqualTo(RoundTripTest.fullExecStatus());
  }

  @Test
  void keepsEveryFieldOfAVm() {
    VM sent =
        create(
            RoundTripTest.named(new VM(), "v", RoundTripTest.fullVmSpec()),
            RoundTripTest.fullVmStatus());

    VM kept = API.client().resource(sent).get();

    assertThat(kept.getSpec()).isEqualTo(RoundTripTest.fullVmSpec());
    assertThat(kept.getStatus()).isEqualTo(RoundTripTest.fullVmStatus());
  }

  @Test
  void keepsEveryFieldOfAWorker() {
    Worker sent =
        create(
            RoundTripTest.named(new Worker(), namespace, new WorkerSpec(true)),
            RoundTripTest.fullWorkerStatus());

    Worker kept = API.client().resource(sent).get();

    assertThat(kept.getSpec()).isEqualTo(new WorkerSpec(true));
    assertThat(kept.getStatus()).isEqualTo(RoundTripTest.fullWorkerStatus());
  }

  @Test
  void defaultsToTheSameAsTheRecords() {
    apply("kind: VMExec", "a", "spec: {vmName: hello, command: [\"true\"], tty: {}}");
    apply("kind: VM", "b", "spec: {image: debian}");

    VMExecSpec exec =
        API.client().resources(VMExec.class).inNamespace(namespace).withName("a").get().getSpec();
    VMSpec vm =
        API.client().resources(VM.class).inNamespace(namespace).withName("b").get().getSpec();

    assertThat(exec)
        .isEqualTo(VMExecSpec.of("hello", List.of("true")).tty(new Tty(24, 80)).build());
    assertThat(vm).isEqualTo(VMSpec.ofImage("debian"));
    assertThat(API.kubectl("get", "vmx", "a", "-n", namespace, "-o", "jsonpath={.spec}").output())
        .contains("\"startTimeoutSeconds\":60")
        .contains("\"terminationGracePeriodSeconds\":10")
        .contains("\"timeoutSeconds\":86400")
        .contains("\"disconnectPolicy\":\"Detach\"")
        .contains("\"stdin\":{\"type\":\"None\"}")
        .contains("\"limit\":67108864");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {command: [x]}                                             | spec.vmName
          {vmName: Hello, command: [x]}                              | spec.vmName
          {vmName: h}                                                | spec.command
          {vmName: h, command: []}                                   | spec.command
          {vmName: h, command: ["a\\0b"]}                            | spec.command
          {vmName: h, command: [x], env: [{name: 1A, value: x}]}     | spec.env[0].name
          {vmName: h, command: [x], env: [{name: A}]}                | spec.env[0].value
          {vmName: h, command: [x], env: [{name: A, value: x}, {name: A, value: y}]} | spec.env[1]
          {vmName: h, command: [x], workingDir: tmp}                 | spec.workingDir
          {vmName: h, command: [x], stdin: {type: File}}             | spec.stdin.type
          {vmName: h, command: [x], tty: {rows: 0}}                  | spec.tty.rows
          {vmName: h, command: [x], disconnectPolicy: Maybe}         | spec.disconnectPolicy
          {vmName: h, command: [x], startTimeoutSeconds: 0}          | spec.startTimeoutSeconds
          {vmName: h, command: [x], timeoutSeconds: -1}              | spec.timeoutSeconds
          {vmName: h, command: [x], idleTimeoutSeconds: -1}          | spec.idleTimeoutSeconds
          {vmName: h, command: [x], terminationGracePeriodSeconds: -1} | spec.terminationGracePeriodSeconds
          {vmName: h, command: [x], output: {limit: 1}}              | spec.output.limit
          {vmName: h, command: [x], output: {tailBytes: 20000}}      | spec.output.tailBytes
          {vmName: h, command: [x], ttlSecondsAfterFinished: -1}     | spec.ttlSecondsAfterFinished
          {vmName: h, command: [x], target: {vmUID: u}}              | spec.target.workerName
          {vmName: h, command: [x], desiredState: Paused}            | spec.desiredState
          """)
  void refusesAnInvalidVmExecByNamingTheField(String spec, String field) {
    Kubectl refused = apply("kind: VMExec", "x", "spec: " + spec);

    assertThat(refused.code()).isNotZero();
    assertThat(refused.output()).contains(field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                | spec.image
          {image: d, cpu: 0}                | spec.cpu
          {image: d, memoryMib: 1}          | spec.memoryMib
          {image: d, runtime: Qemu}         | spec.runtime
          {image: d, powerState: Suspended} | spec.powerState
          """)
  void refusesAnInvalidVmByNamingTheField(String spec, String field) {
    Kubectl refused = apply("kind: VM", "x", "spec: " + spec);

    assertThat(refused.code()).isNotZero();
    assertThat(refused.output()).contains(field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"VM", "VMExec"})
  void refusesAnObjectWithoutSpec(String kind) {
    assertThat(apply("kind: " + kind, "x", "status: {}").output()).contains("spec: Required value");
  }

  @Test
  void refusesNamesThatAreNoDnsLabels() {
    assertThat(apply("kind: VM", "a.b", "spec: {image: d}").output())
        .contains("metadata.name must be a DNS label");
    assertThat(apply("kind: VM", "a".repeat(64), "spec: {image: d}").output())
        .contains("metadata.name must be a DNS label");
  }

  @Test
  void refusesMoreThanFitsInACommandLine() {
    VMExecSpec spec =
        VMExecSpec.of("hello", List.of("a".repeat(100_000), "b".repeat(31_073))).build();

    assertThatThrownBy(() -> create(RoundTripTest.named(new VMExec(), "big", spec)))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("131072");
  }

  @Test
  void takesTheLongestCommandLineThatItAllows() {
    VMExecSpec spec =
        VMExecSpec.of("hello", List.of("a".repeat(100_000), "b".repeat(31_072))).build();

    VMExec created = create(RoundTripTest.named(new VMExec(), "big", spec));
    VMExec cancelled = edit(created, e -> e.setSpec(e.getSpec().cancelled()));

    assertThat(cancelled.getSpec()).isEqualTo(spec.cancelled());
  }

  @Test
  void aVmExecsSpecNeverChangesButToBeCancelled() {
    VMExec exec = create(RoundTripTest.named(new VMExec(), "e", RoundTripTest.fullExecSpec()));

    for (String patch :
        List.of(
            "{command: [other]}",
            "{vmName: other}",
            "{target: null}",
            "{env: null}",
            "{user: root}",
            "{tty: {rows: 1}}",
            "{timeoutSeconds: 1}",
            "{stdin: {type: None}}",
            "{output: {tailBytes: 3}}",
            "{requestedBy: bob}",
            "{ttlSecondsAfterFinished: null}")) {
      assertThat(patch(exec, "spec: " + patch).output())
          .as(patch)
          .contains("only desiredState of a VMExec may change");
    }
    assertThat(patch(exec, "spec: {desiredState: Cancelled}").code()).isZero();
    assertThat(patch(exec, "spec: {desiredState: Running}").output())
        .contains("spec.desiredState", "stays cancelled");
  }

  @Test
  void aVmKeepsItsShapeButNotItsPowerState() {
    VM vm = create(RoundTripTest.named(new VM(), "v", RoundTripTest.fullVmSpec()));

    for (String patch : List.of("{image: b}", "{cpu: 1}", "{memoryMib: 64}", "{runtime: null}")) {
      assertThat(patch(vm, "spec: " + patch).output()).as(patch).contains("never change");
    }
    assertThat(patch(vm, "spec: {powerState: Running, workerSelector: {zone: b}}").code()).isZero();
  }

  @Test
  void aVmExecsStatusOnlyGoesForward() {
    VMExec exec =
        create(
            RoundTripTest.named(new VMExec(), "e", VMExecSpec.of("h", List.of("x")).build()),
            VMExecStatus.EMPTY
                .bound(RoundTripTest.BINDING, RoundTripTest.NOW)
                .running(RoundTripTest.NOW, RoundTripTest.NOW));

    assertThat(patchStatus(exec, "{state: Bound}").output()).contains("status.state");
    assertThat(patchStatus(exec, "{state: null}").output()).contains("status.state");
    assertThat(patchStatus(exec, "{boundTo: {bootID: other}}").output()).contains("status.boundTo");
    assertThat(patchStatus(exec, "{boundTo: null}").output()).contains("status.boundTo");
    assertThat(patchStatus(exec, "{state: Succeeded}").output()).contains("status.exit");
    assertThat(patchStatus(exec, "{exit: {reason: Lost}}").output()).contains("status.exit");

    VMExecStatus running = API.client().resource(exec).get().getStatus();
    VMExec ended =
        editStatus(
            exec,
            running.finished(
                new VMExecExit(0, null, VMExecExitReason.EXITED, false, null),
                null,
                RoundTripTest.NOW,
                RoundTripTest.NOW));

    assertThat(ended.getStatus().state()).isEqualTo(VMExecState.SUCCEEDED);
    assertThat(patchStatus(exec, "{state: Lost}").output()).contains("status.state");
    assertThat(patchStatus(exec, "{exit: {code: 1}}").output()).contains("status.exit");
    assertThat(patchStatus(exec, "{state: Running, exit: null}").output())
        .contains("the first end stands");
    assertThat(patch(exec, "status: null", "--subresource=status").output())
        .contains("status cannot be taken away again");
  }

  @Test
  void aVmExecIsBoundToItsTargetOnly() {
    VMExec exec =
        create(
            RoundTripTest.named(
                new VMExec(),
                "e",
                VMExecSpec.of("h", List.of("x")).target(RoundTripTest.BINDING).build()));

    assertThatThrownBy(() ->
            editStatus(
                exec, VMExecStatus.EMPTY.bound(new Binding("u", "w", "b"), RoundTripTest.NOW)))
        .hasMessageContaining("status.boundTo must be what spec.target says");
    editStatus(exec, VMExecStatus.EMPTY.bound(RoundTripTest.BINDING, RoundTripTest.NOW));
  }

  @Test
  void printsTheColumns() {
    create(
        RoundTripTest.named(new VM(), "hello", RoundTripTest.fullVmSpec()),
        RoundTripTest.fullVmStatus());
    create(
        RoundTripTest.named(new VMExec(), "hello-1", VMExecSpec.of("hello", List.of("x")).build()),
        RoundTripTest.fullExecStatus());
    create(
        RoundTripTest.named(new Worker(), namespace, new WorkerSpec(false)),
        RoundTripTest.fullWorkerStatus());

    assertThat(columns("get", "vms", "-n", namespace))
        .containsExactly("NAME STATE WORKER IMAGE AGE", "hello Running w1 debian");
    assertThat(columns("get", "vmx", "-n", namespace))
        .containsExactly(
            "NAME VM STATE EXIT COMMAND AGE", "hello-1 hello Failed TimedOut /bin/sh -c 'echo $A'");
    assertThat(columns("get", "workers", namespace))
        .containsExactly("NAME READY OS ARCH AGE", namespace + " True linux amd64");
    assertThat(API.kubectl("get", "orchard", "-n", namespace, "-o", "name").output())
        .contains("vm.orchard.dev/hello", "vmexec.orchard.dev/hello-1", "worker.orchard.dev/");
  }

  @Test
  void kubectlWaitSeesTheEnd() {
    create(
        RoundTripTest.named(new VMExec(), "done", VMExecSpec.of("hello", List.of("x")).build()),
        RoundTripTest.fullExecStatus());

    assertThat(
            API.kubectl(
                    "wait", "--for=condition=Finished", "vmx/done", "-n", namespace, "--timeout=5s")
                .output())
        .contains("condition met");
  }

  private <S, T, R extends CustomResource<S, T>> R create(R resource, T status) {
    return editStatus(create(resource), status);
  }

  private <R extends HasMetadata> R create(R resource) {
    if (resource instanceof Namespaced) {
      resource.getMetadata().setNamespace(namespace);
    }
    return API.client().resource(resource).create();
  }

  private static <S, T, R extends CustomResource<S, T>> R editStatus(R resource, T status) {
    R current = API.client().resource(resource).get();
    current.setStatus(status);
    return API.client().resource(current).updateStatus();
  }

  private static VMExec edit(VMExec resource, Consumer<VMExec> change) {
    VMExec current = API.client().resource(resource).get();
    change.accept(current);
    return API.client().resource(current).update();
  }

  private Kubectl apply(String kind, String name, String rest) {
    return API.kubectlWithInput(
        "apiVersion: orchard.dev/v1alpha1\n%s\nmetadata: {name: %s}\n%s\n"
            .formatted(kind, name, rest),
        "create",
        "-n",
        namespace,
        "-f",
        "-");
  }

  private Kubectl patchStatus(HasMetadata resource, String patch) {
    return patch(resource, "status: " + patch, "--subresource=status");
  }

  private Kubectl patch(HasMetadata resource, String patch, String... flags) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "patch",
                resource.getKind(),
                resource.getMetadata().getName(),
                "-n",
                namespace,
                "--type=merge",
                "-p",
                patch));
    arguments.addAll(List.of(flags));
    return API.kubectl(arguments.toArray(String[]::new));
  }

  /** The lines, blanks squeezed and without the age. */
  private static List<String> columns(String... arguments) {
    UnaryOperator<String> squeeze = line -> line.strip().replaceAll(" {2,}", " ");
    return API.kubectl(arguments)
        .output()
        .lines()
        .map(squeeze)
        .map(line -> line.replaceAll(" \\d+m?\\d*s$", ""))
        .toList();
  }
}
