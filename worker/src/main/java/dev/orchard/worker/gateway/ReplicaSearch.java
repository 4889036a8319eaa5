package dev.orchard.worker.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.worker.gateway.ControllerLink.Attempt;
import dev.orchard.worker.road.Dialing;
import dev.orchard.worker.road.Place;
import dev.orchard.worker.road.ReplicaAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for the replicas behind one entry of the worker's list, for ever, by a thread of its own.
 * In each round the entry's name is resolved anew, and dialled is
 *
 * <ol>
 *   <li>each address that has no link, unless it leads to a replica that is linked by another one;
 *   <li>where replicas are missing that no such address can account for, every address in turn, as
 *       often as there are replicas: a load balancer leads elsewhere each time.
 * </ol>
 *
 * The next round comes at once after a link came up, 25 to 75 ms after one broke, and after twice
 * as long each time when nothing came of it, up to 2.5 to 7.5 s. When nobody is missing it comes
 * after half a minute, for the name may have got another address.
 */
final class ReplicaSearch {
  private static final Logger log = LoggerFactory.getLogger(ReplicaSearch.class);
  private static final long FIRST_RETRY_MILLIS = 50;
  private static final long LAST_RETRY_MILLIS = 5_000;
  private static final long LOOK_AGAIN_MILLIS = 30_000;

  private final ReplicaAddress entry;
  private final Dialing dialing;
  private final Gateway gateway;
  private final RandomGenerator random = RandomGenerator.getDefault();
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Of the thread alone. */
  private List<Place> places;

  /** What is known of each address. */
  @GuardedBy("lock")
  private final Map<Place, Sight> sights = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final List<ControllerLink> links = new ArrayList<>();

  /** Since the last round began, until it is taken. */
  @GuardedBy("lock")
  private Event event = Event.NOTHING;

  /** Addresses that somebody may be at who is not linked. */
  private volatile int unseen = 1;

  /** The road that led anywhere last, of those that an address has. */
  private volatile int road;

  private enum Event {
    NOTHING,
    FOUND,
    LOST
  }

  private static final class Sight {
    private int dialled;
    private int linked;

    /** Whoever is there is linked by another way. */
    private boolean known;

    private boolean isUnseen() {
      return linked == 0 && !known;
    }
  }

  ReplicaSearch(ReplicaAddress entry, Dialing dialing, Gateway gateway) {
    this.entry = entry;
    this.places = List.of(new Place(entry, null));
    this.dialing = dialing;
    this.gateway = gateway;
    this.thread = Thread.ofVirtual().name("controllers-" + entry).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
    List<ControllerLink> open;
    lock.lock();
    try {
      open = List.copyOf(links);
    } finally {
      lock.unlock();
    }
    for (ControllerLink link : open) {
      link.close();
    }
  }

  int unseen() {
    return unseen;
  }

  /** A link to a replica that was reached by this way or another is gone, or there are more. */
  void lookAgain() {
    lock.lock();
    try {
      sights.values().forEach(sight -> sight.known = false);
      count();
      event = Event.LOST;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** A link that this search has begun leads to a replica that no other one leads to. */
  void found(Place place, int by) {
    road = by;
    lock.lock();
    try {
      sight(place).linked++;
      count();
      event = Event.FOUND;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing is left of a link that this search has begun. */
  void over(ControllerLink link, Attempt attempt) {
    lock.lock();
    try {
      links.remove(link);
      Sight sight = sight(link.place());
      sight.dialled--;
      switch (attempt) {
        case LINKED -> {
          sight.linked--;
          event = Event.LOST;
        }
        // Unless that other link has broken meanwhile, which nobody would say again.
        case KNOWN -> sight.known = gateway.isLinked(link);
        case NOBODY -> {}
      }
      count();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private Sight sight(Place place) {
    return sights.computeIfAbsent(place, _ -> new Sight());
  }

  @GuardedBy("lock")
  private void count() {
    unseen = (int) sights.values().stream().filter(Sight::isUnseen).count();
  }

  private void run() {
    long retry = FIRST_RETRY_MILLIS;
    try {
      while (!Thread.interrupted()) {
        Event came = await(round() ? jittered(retry) : LOOK_AGAIN_MILLIS);
        if (came == Event.LOST) {
          Thread.sleep(jittered(FIRST_RETRY_MILLIS));
        }
        retry = came == Event.NOTHING ? Math.min(2 * retry, LAST_RETRY_MILLIS) : FIRST_RETRY_MILLIS;
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** False if there is nobody to look for. */
  private boolean round() {
    try {
      List<Place> now = dialing.places(entry);
      // A name that cannot be resolved now has its addresses still.
      places = now.isEmpty() ? places : now;
      return dialAll();
    } catch (RuntimeException e) {
      // For want of descriptors, say, which the next round may have.
      log.warn("controllers cannot be dialled controllers={}", entry, e);
      return true;
    }
  }

  private long jittered(long millis) {
    return millis / 2 + random.nextLong(millis);
  }

  private boolean dialAll() {
    lock.lock();
    try {
      event = Event.NOTHING;
      places.forEach(this::sight);
      sights
          .entrySet()
          .removeIf(seen -> seen.getValue().dialled == 0 && !places.contains(seen.getKey()));
      count();
      boolean alone = places.size() == 1;
      for (Place place : places) {
        Sight sight = sight(place);
        if (sight.dialled == 0 && sight.isUnseen()) {
          dial(place, alone);
        }
      }
      int missing = gateway.missing();
      if (missing > 0) {
        int under = links.stream().mapToInt(link -> link.isUp() ? 0 : 1).sum();
        for (int i = under; i < gateway.replicas(); i++) {
          dial(places.get(random.nextInt(places.size())), alone);
        }
      }
      return missing > 0 || unseen > 0;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void dial(Place place, boolean alone) {
    ControllerLink link = gateway.link(place, place.roads(dialing, alone), road, this);
    sight(place).dialled++;
    links.add(link);
    link.start();
  }

  /** Waits for so long, or until a link has come up or is gone. */
  private Event await(long millis) throws InterruptedException {
    lock.lock();
    try {
      long left = Duration.ofMillis(millis).toNanos();
      while (event == Event.NOTHING && left > 0) {
        left = changed.awaitNanos(left);
      }
      Event came = event;
      event = Event.NOTHING;
      return came;
    } finally {
      lock.unlock();
    }
  }
}
