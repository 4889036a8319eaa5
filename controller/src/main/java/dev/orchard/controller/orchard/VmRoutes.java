package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.web.Bodies;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.controller.web.Requests;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/** VMs as objects of the Kubernetes API, with the caller's own rights, in Orchard's shape. */
final class VmRoutes {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final int MAX_CPU = 1_024;
  private static final int MIN_MEMORY_MIB = 64;
  private static final long MAX_MEMORY_MIB = 16L << 20;

  private final Callers callers;

  VmRoutes(Callers callers) {
    this.callers = callers;
  }

  /**
   * @param base {@code /v1} or that of a namespace
   */
  void register(HttpRules rules, String base) {
    rules
        .post(base + "/vms", this::create)
        .get(base + "/vms", this::list)
        .get(base + "/vms/{vm}", this::get)
        .delete(base + "/vms/{vm}", this::delete);
  }

  private void create(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    // Orchard ignores what it does not know, and so do its clients expect.
    JsonBody body = Bodies.read(request);
    VM vm = new VM();
    vm.setMetadata(
        new ObjectMetaBuilder().withNamespace(namespace(request)).withName(name(body)).build());
    vm.setSpec(spec(body));
    VM created = KubernetesApi.call(() -> caller.client().resource(vm).create());
    Bodies.json(response, VmJson.of(created));
  }

  private static String name(JsonBody body) {
    String name = body.text("name");
    if (name == null || !LABEL.matcher(name).matches()) {
      throw new ApiException(
          412,
          "invalid-vm",
          "name: must be a DNS label: at most 63 of a-z, 0-9 and, inside, the hyphen");
    }
    return name;
  }

  private static VMSpec spec(JsonBody body) {
    String image = body.text("image");
    if (image == null || image.isEmpty()) {
      throw new ApiException(412, "invalid-vm", "image: is missing");
    }
    int cpu = body.integer("cpu", 0, 0, MAX_CPU);
    long memory = body.number("memory", 0, 0, MAX_MEMORY_MIB);
    if (memory != 0 && memory < MIN_MEMORY_MIB) {
      throw body.invalid("memory", "must be 0 or at least %d MiB".formatted(MIN_MEMORY_MIB));
    }
    VMSpec spec =
        VMSpec.ofImage(image)
            .withSize(
                cpu == 0 ? VMSpec.DEFAULT_CPU : cpu,
                memory == 0 ? VMSpec.DEFAULT_MEMORY_MIB : memory);
    String runtime = body.text("runtime");
    if (runtime == null || runtime.isEmpty()) {
      return spec;
    }
    if (!LABEL.matcher(runtime).matches()) {
      throw body.invalid("runtime", "must be the name of a runtime, as qemu or process");
    }
    return spec.withRuntime(runtime);
  }

  private void list(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    String namespace = namespace(request);
    List<VM> vms =
        KubernetesApi.call(
            () -> caller.client().resources(VM.class).inNamespace(namespace).list().getItems());
    ArrayNode list = JsonBody.JSON.createArrayNode();
    vms.stream()
        .sorted(Comparator.comparing(vm -> vm.getMetadata().getName()))
        .map(VmJson::of)
        .forEach(list::add);
    Bodies.json(response, list);
  }

  private void get(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    VM vm =
        KubernetesApi.call(() ->
            caller
                .client()
                .resources(VM.class)
                .inNamespace(place.namespace())
                .withName(place.vm())
                .get());
    if (vm == null) {
      throw ApiException.notFound("vm", place.namespace(), place.vm());
    }
    Bodies.json(response, VmJson.of(vm));
  }

  private void delete(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    List<StatusDetails> deleted =
        KubernetesApi.call(() ->
            caller
                .client()
                .resources(VM.class)
                .inNamespace(place.namespace())
                .withName(place.vm())
                .delete());
    if (deleted.isEmpty()) {
      throw ApiException.notFound("vm", place.namespace(), place.vm());
    }
    response.headers().set(HeaderNames.CONTENT_LENGTH, "0");
    response.status(200).send();
  }

  private static String namespace(ServerRequest request) {
    return request.path().pathParameters().first("ns").orElse(Requests.DEFAULT_NAMESPACE);
  }
}
