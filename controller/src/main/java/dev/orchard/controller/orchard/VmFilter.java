package dev.orchard.controller.orchard;

import dev.orchard.controller.problem.ApiException;
import dev.orchard.crds.vm.VM;
import java.util.Arrays;
import java.util.function.Predicate;

/** Orchard's filter of lists: {@code path=value,…}, all of which must hold. */
final class VmFilter {
  private VmFilter() {}

  /** Only {@code worker} is known; any other path matches nothing, as Orchard has it. */
  static Predicate<VM> parse(String filter) {
    return Arrays.stream(filter.split(",", -1))
        .map(VmFilter::term)
        .reduce(vm -> true, Predicate::and);
  }

  private static Predicate<VM> term(String term) {
    int equals = term.indexOf('=');
    if (equals <= 0) {
      throw new ApiException(
          412, "invalid-filter", "filter: must be path=value, more of them behind commas");
    }
    String value = term.substring(equals + 1);
    return term.substring(0, equals).equals("worker")
        ? vm -> value.equals(vm.statusOrEmpty().workerName())
        : vm -> false;
  }
}
