package dev.orchard.dev.quickstart;

import java.net.URI;
import java.nio.file.Path;

/** Commands to copy into another terminal, for the three ways in. */
public final class NextSteps {
  private NextSteps() {}

  /**
   * The text.
   *
   * @param url of the controller
   * @param ca PEM file to check it by
   * @param kubeconfig beside which {@code ready.json} lies
   */
  public static String of(URI url, Path ca, Path kubeconfig, String vm) {
    return """

    It goes on running until Ctrl-C. In another terminal:

      export KUBECONFIG=%1$s
      kubectl get vms,vmexecs,workers
      ./orchard kubectl exec -it %2$s -- sh

      curl -N --cacert %3$s \\
        -H "Authorization: Bearer $(jq -r .token %4$s/ready.json)" \\
        -d '{"command":["/bin/echo","hi"]}' "%5$s/v1/vms/%2$s/exec?text=true"

      kubectl apply -f - <<EOF
      apiVersion: orchard.dev/v1alpha1
      kind: VMExec
      metadata: {name: listing}
      spec:
        vmName: %2$s
        command: [ls, -l, /]
        output: {tailBytes: 1024}
      EOF
      kubectl wait vmexec/listing --for=condition=Finished
      kubectl get vmexec listing -o jsonpath='{.status.output.tail}'
    """
        .formatted(kubeconfig, vm, ca, kubeconfig.getParent(), url);
  }
}
