package dev.orchard.crds;

import static java.util.Objects.requireNonNull;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.worker.Worker;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.io.File;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Writes the CustomResourceDefinitions, as the build calls it. To what Fabric8's generator reads
 * from the classes it adds what cannot be said there: the order of the printed columns (that of the
 * annotations, where the generator sorts by path), that there is a spec where it cannot be empty,
 * and that conditions and environment are keyed lists, the conditions with the schema of
 * Kubernetes' own.
 */
final class GenerateManifests {
  private static final Map<String, Class<? extends HasMetadata>> KINDS =
      Map.of("Worker", Worker.class, "VM", VM.class, "VMExec", VMExec.class);

  private GenerateManifests() {}

  public static void main(String[] args) {
    File folder = new File(args[0]);
    if (!folder.isDirectory() && !folder.mkdirs()) {
      throw new IllegalStateException("cannot create " + folder);
    }
    new CRDGenerator()
        .inOutputDir(folder)
        .withParallelGenerationEnabled(false)
        .customResourceClasses(KINDS.values())
        .withPostProcessor(
            new CRDPostProcessor() {
              @Override
              public HasMetadata process(HasMetadata crd, String version) {
                return complete((CustomResourceDefinition) crd);
              }
            })
        .detailedGenerate();
  }

  private static CustomResourceDefinition complete(CustomResourceDefinition crd) {
    List<String> columns = columns(crd.getSpec().getNames().getKind());
    for (CustomResourceDefinitionVersion version : crd.getSpec().getVersions()) {
      version
          .getAdditionalPrinterColumns()
          .sort(
              Comparator.comparingInt(
                  (CustomResourceColumnDefinition column) -> columns.indexOf(column.getName())));
      JSONSchemaProps root = version.getSchema().getOpenAPIV3Schema();
      if (!property(root, "spec").getRequired().isEmpty()) {
        root.setRequired(List.of("spec"));
      }
      root.getProperties().values().forEach(GenerateManifests::keyLists);
    }
    return crd;
  }

  private static List<String> columns(String kind) {
    return Arrays.stream(
            requireNonNull(KINDS.get(kind)).getAnnotationsByType(AdditionalPrinterColumn.class))
        .map(AdditionalPrinterColumn::name)
        .toList();
  }

  private static void keyLists(JSONSchemaProps schema) {
    if (schema.getProperties().containsKey("env")) {
      key(property(schema, "env"), "name");
    }
    if (schema.getProperties().containsKey("conditions")) {
      JSONSchemaProps conditions = property(schema, "conditions");
      key(conditions, "type");
      JSONSchemaProps condition = conditions.getItems().getSchema();
      condition.setRequired(List.of("type", "status", "reason", "message", "lastTransitionTime"));
      property(condition, "type").setMaxLength(316L);
      property(condition, "reason").setMaxLength(1024L);
      property(condition, "reason").setPattern("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$");
      property(condition, "message").setMaxLength(32768L);
      property(condition, "lastTransitionTime").setFormat("date-time");
    }
  }

  private static JSONSchemaProps property(JSONSchemaProps schema, String name) {
    return requireNonNull(schema.getProperties().get(name), name);
  }

  private static void key(JSONSchemaProps list, String key) {
    list.setXKubernetesListType("map");
    list.setXKubernetesListMapKeys(List.of(key));
  }
}
