import Torch

extension PGD {
  /// All runs; the best final iterate of each image.
  func perturb(
    _ images: Tensor, labels: Tensor, from startingPoints: Tensor?, against victim: inout Victim,
    using generator: Generator
  ) throws(AttackError) -> Tensor {
    var best = try climb(
      from: startingPoints ?? startingPoint(for: images, using: generator), images, labels, &victim)
    guard restarts > 1 else { return best }
    var (losses, fooled) = try victim.score(best, labels: labels)
    for _ in 1..<restarts {
      let alive = (.!fooled).trueIndices()
      guard alive.count > 0 else { break }
      let (images, labels) = (images.gathering(alive), labels.gathering(alive))
      let found = try climb(
        from: startingPoint(for: images, using: generator), images, labels, &victim)
      let score = try victim.score(found, labels: labels)
      let better = (score.fooled .| (score.losses .> losses.gathering(alive))).trueIndices()
      let rows = alive.gathering(better)
      best = best.replacing(rows, with: found.gathering(better))
      losses = losses.replacing(rows, with: score.losses.gathering(better))
      fooled = fooled.replacing(rows, with: score.fooled.gathering(better))
    }
    return best
  }

  private func startingPoint(for images: Tensor, using generator: Generator) -> Tensor {
    switch start {
    case .image: images
    case .random:
      (images + threat.randomPerturbation(like: images, using: generator)).clamped(0, 1)
    }
  }

  /// One run of K steps: its final iterate.
  private func climb(
    from start: Tensor, _ images: Tensor, _ labels: Tensor, _ victim: inout Victim
  ) throws(AttackError) -> Tensor {
    victim.beginRun()
    var point = start
    for _ in 0..<steps {
      let gradient = try victim.lossGradient(point, labels: labels).gradient
      let step = threat.steepestDirection(gradient) * stepSize
      point = threat.moved(images, by: point + step - images)
    }
    return point
  }
}
