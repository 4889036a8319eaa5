package dev.orchard.worker.guest;

import dev.orchard.proto.guest.v1.GuestAgentGrpc;
import dev.orchard.proto.guest.v1.InfoReply;
import io.grpc.Channel;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An agent that answers. What it says of itself is bounded and plain text; a newer object of the
 * same instance means that the channel was cut in between.
 */
public final class Guest {
  /** The kind of agent, as reports name it. */
  public static final String AGENT = "orchard";

  private static final int MAX_CAPABILITIES = 64;
  private static final int MAX_ADDRESSES = 16;
  private static final Pattern INSTANCE = Pattern.compile("[A-Za-z0-9-]{1,64}");
  private static final Pattern ADDRESS = Pattern.compile("[0-9a-f.:]{2,45}");
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9._+:/ -]{0,64}");

  private final String instance;
  private final String version;
  private final String os;
  private final List<String> capabilities;
  private final GuestAgentGrpc.GuestAgentStub agent;
  private final Runnable suspicion;
  private volatile List<String> addresses = List.of();

  private Guest(
      String instance,
      String version,
      String os,
      List<String> capabilities,
      GuestAgentGrpc.GuestAgentStub agent,
      Runnable suspicion) {
    this.instance = instance;
    this.version = version;
    this.os = os;
    this.capabilities = capabilities;
    this.agent = agent;
    this.suspicion = suspicion;
  }

  /**
   * The agent that a reply is of.
   *
   * @throws IllegalArgumentException for what no agent of ours would say
   */
  static Guest of(InfoReply reply, Channel channel, Runnable suspicion) {
    if (!INSTANCE.matcher(reply.getInstance()).matches()) {
      throw new IllegalArgumentException("the agent's instance is no id");
    }
    if (reply.getCapabilitiesCount() > MAX_CAPABILITIES) {
      throw new IllegalArgumentException(
          "the agent has %d capabilities, %d are allowed"
              .formatted(reply.getCapabilitiesCount(), MAX_CAPABILITIES));
    }
    Guest guest =
        new Guest(
            reply.getInstance(),
            word("version", reply.getVersion()),
            word("os", reply.getOs()),
            reply.getCapabilitiesList().stream().map(c -> word("capability", c)).toList(),
            GuestAgentGrpc.newStub(channel),
            suspicion);
    guest.addresses =
        reply.getAddressesList().stream()
            .filter(address -> ADDRESS.matcher(address).matches())
            .limit(MAX_ADDRESSES)
            .toList();
    return guest;
  }

  private static String word(String field, String value) {
    if (!WORD.matcher(value).matches()) {
      throw new IllegalArgumentException("the agent's " + field + " is no short plain word");
    }
    return value;
  }

  /** Minted at the agent's start: half of the fence. */
  public String instance() {
    return instance;
  }

  public String version() {
    return version;
  }

  public String os() {
    return os;
  }

  public List<String> capabilities() {
    return capabilities;
  }

  /** IP addresses of its network, if it has one; they may change. */
  public List<String> addresses() {
    return addresses;
  }

  /** Takes over what a later answer of the same agent says of its network. True: it changed. */
  boolean moved(Guest later) {
    boolean changed = !addresses.equals(later.addresses);
    addresses = later.addresses;
    return changed;
  }

  /** For a stream of one session. */
  public GuestAgentGrpc.GuestAgentStub agent() {
    return agent;
  }

  /** A stream broke: the agent is asked at once whether it is still there. */
  public void suspect() {
    suspicion.run();
  }
}
