import Torch

/// What a run does with the images that it has fooled.
enum FooledImages {
  /// They go on and the latest example counts: as published.
  case goOn
  /// The first example counts, and the run ends with the last image; until then all stay in the batch.
  case wait
  /// The first example counts, and they leave the batch.
  case leave
}

extension Victim {
  /// What an attack may do that would drop fooled images.
  ///
  /// They stay where the source remembers rows. With means over ``draws`` nothing is dropped and nothing ends early:
  /// what fooled a few draws of a random classifier may not fool the next few, and the rest of the run makes it surer.
  func fooledImages(dropping drops: Bool) -> FooledImages {
    guard drops, draws == 1 else { return .goOn }
    return source?.remembersRows == true ? .wait : .leave
  }
}
