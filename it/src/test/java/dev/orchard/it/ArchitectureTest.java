package dev.orchard.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arrows between modules, as ARCHITECTURE.md draws them. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.orchard");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          exec       | agent, worker, controller, operator, crds, client, cli, dev
          crds       | exec, proto, agent, worker, controller, operator, client, cli, dev
          agent      | worker, controller, operator, crds, client, cli, dev
          worker     | agent, controller, operator, crds, client, cli, dev
          controller | agent, worker, operator, client, cli, dev
          operator   | exec, proto, agent, worker, controller, client, cli, dev
          cli        | agent, worker, controller, operator, crds, dev
          client     | agent, worker, controller, operator, crds, cli, dev
          """)
  void pointOneWay(String module, String others) {
    String[] forbidden =
        others
            .lines()
            .flatMap(line -> Arrays.stream(line.split(", *")))
            .map(other -> "dev.orchard." + other.strip() + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage("dev.orchard." + module + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(forbidden)
        .check(CLASSES);
  }

  @Test
  void keepKubernetesFromTheHostAndTheGuest() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.orchard.exec..", "dev.orchard.worker..", "dev.orchard.agent..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.fabric8..")
        .check(CLASSES);
  }

  @Test
  void keepThreadsClocksAndSocketsOutOfTheSessionsCores() {
    noClasses()
        .that()
        .resideInAPackage("dev.orchard.exec.session")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.util.concurrent..", "java.net..", "java.nio..", "java.io..", "io.grpc..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.time.Clock")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.Thread")
        .check(CLASSES);
  }

  @Test
  void haveNoCyclesBetweenTheirPackages() {
    slices().matching("dev.orchard.(*).(**)").should().beFreeOfCycles().check(CLASSES);
  }
}
