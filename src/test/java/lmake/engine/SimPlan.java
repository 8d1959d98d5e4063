package lmake.engine;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The life of one project, as data: each part draws what it does from a seed of its own, so that any other part can be left out
 * without changing it. That is how a failure is made small.
 *
 * @param layers of rules that exist
 */
record SimPlan(long seed, Set<SimWorld.Feature> features, Set<Integer> layers, List<Step> steps) {
  /** Edits, then a build. */
  record Step(List<Long> edits, long build) {
    @Override
    public String toString() {
      return "step(" + build + "L" + String.join("", edits.stream().map(edit -> ", " + edit + "L").toList()) + ")";
    }
  }

  private static final int STEPS = 6;

  static SimPlan of(long seed) {
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    Set<Integer> layers = new TreeSet<>();
    for (int layer = 0; layer < 6; layer++) layers.add(layer);
    List<Step> steps = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      List<Long> edits = new ArrayList<>();
      for (int n = random.nextInt(4); n > 0; n--) edits.add((long) random.nextInt());
      steps.add(new Step(edits, random.nextInt()));
    }
    return new SimPlan(seed, SimWorld.draw(seed), layers, steps);
  }

  /** The least one still fails that can be found by leaving parts out, one at a time, until nothing can go. */
  SimPlan shrink(Predicate<SimPlan> fails) {
    SimPlan best = this;
    for (Optional<SimPlan> less = Optional.of(this); less.isPresent(); ) {
      best = less.get();
      less = best.parts().stream().filter(fails).findFirst();
    }
    return best;
  }

  /** This plan without one of its parts, large parts first. */
  private List<SimPlan> parts() {
    List<SimPlan> parts = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) parts.add(with(without(steps, i)));
    for (SimWorld.Feature feature : features) {
      Set<SimWorld.Feature> fewer = EnumSet.copyOf(features);
      fewer.remove(feature);
      parts.add(new SimPlan(seed, fewer, layers, steps));
    }
    for (int layer : layers) {
      Set<Integer> fewer = new TreeSet<>(layers);
      fewer.remove(layer);
      parts.add(new SimPlan(seed, features, fewer, steps));
    }
    for (int i = 0; i < steps.size(); i++) {
      for (int edit = 0; edit < steps.get(i).edits().size(); edit++) {
        List<Step> fewer = new ArrayList<>(steps);
        fewer.set(i, new Step(without(steps.get(i).edits(), edit), steps.get(i).build()));
        parts.add(with(fewer));
      }
    }
    return parts;
  }

  private SimPlan with(List<Step> fewer) {
    return new SimPlan(seed, features, layers, fewer);
  }

  private static <T> List<T> without(List<T> list, int i) {
    List<T> rest = new ArrayList<>(list);
    rest.remove(i);
    return rest;
  }

  @Override
  public String toString() {
    return "seed " + seed + ", features " + features + ", layers " + layers + ", " + steps;
  }
}
