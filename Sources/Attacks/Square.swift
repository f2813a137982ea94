public import Torch

/// The square attack: random search with square changes, on decisions and margins alone. No gradients are taken, so it
/// works where there are none.
///
/// Every query changes one square of each image and is kept if the margin max_{i≠y} z_i − z_y grows or the image is
/// misclassified. The square's side falls with the number of queries (``SquareSchedule``). Position and signs are drawn
/// once a query for the whole batch in L∞; in L2 each image has signs of its own. Only images that are still classified
/// correctly are asked about again; one that never errs is returned as it was.
///
/// The random numbers and their order are those of pyautoattack 0.2.0: the same seed gives the same images, those of a
/// batch depend on the batch. As there, a corner is int(U·(H − s)), so that the last row and column are reached by
/// the first stripes and by squares of the whole image only. Here images of any size do; in L2 the original fails at
/// fewer than 5 pixels a side and where its tiles of H/5 pixels cross the rim. Andriushchenko et al., *Square attack: a
/// query-efficient black-box adversarial attack via random search*, arXiv 1912.00049, algorithms 1 to 3.
public struct Square: Attack {
  public let threat: ThreatModel
  /// Queries after the first, in each run.
  public let queries: Int
  /// p, the share of the picture that the first squares cover, 0 < p ≤ 1.
  public let initialShare: Double
  /// Whether the schedule, made for 10,000 queries, is compressed to ``queries``; AutoAttack leaves it as it is.
  public let rescalesSchedule: Bool
  /// How many runs there are in all.
  public let restarts: Int

  public init(
    _ threat: ThreatModel, queries: Int = 5000, initialShare: Double = 0.8,
    rescalesSchedule: Bool = false, restarts: Int = 1
  ) {
    self.threat = threat
    self.queries = queries
    self.initialShare = initialShare
    self.rescalesSchedule = rescalesSchedule
    self.restarts = restarts
  }

  public var name: String { "Square" }

  public func checkSettings() throws(AttackError) {
    for (name, value, usual) in [("queries", queries, 5000), ("restarts", restarts, 1)]
    where value < 1 {
      throw .unusable(
        .setting(name), expected: "at least 1", found: "\(value)", remedy: "\(usual) is usual")
    }
    guard initialShare > 0, initialShare <= 1 else {
      throw .unusable(
        .setting("initial share"), expected: "0 < p ≤ 1", found: "\(initialShare)",
        remedy: "p is a share of the picture; 0.8 is usual")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    guard images.rank == 4 else {
      throw .unusable(
        .images, expected: "[B, C, H, W], pictures that have squares", found: "\(images.shape)",
        remedy: "reshape them, or leave Square out")
    }
    var result = images
    var alive = (.!(try victim.score(images, labels: labels).fooled)).trueIndices()
    for _ in 0..<restarts where alive.count > 0 {
      let (theirs, names) = (images.gathering(alive), labels.gathering(alive))
      let (found, fooled) = try search(theirs, labels: names, against: &victim, using: generator)
      let hits = fooled.trueIndices()
      result = result.replacing(alive.gathering(hits), with: found.gathering(hits))
      alive = alive.gathering((.!fooled).trueIndices())
    }
    return result
  }

  /// One run: the points of largest margin, and which of them are errors.
  private func search(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> (points: Tensor, fooled: Tensor) {
    victim.beginRun()
    let schedule = SquareSchedule(
      initialShare: initialShare, queries: rescalesSchedule ? queries : nil)
    let proposal = SquareProposal(threat: threat)
    var points = proposal.start(images, using: generator)
    var (margins, fooled) = try victim.score(points, labels: labels, loss: .margin)
    // Images, labels, points and margins of those still alive, and their rows in the batch.
    var rows = (.!fooled).trueIndices()
    var theirs = images.gathering(rows)
    var names = labels.gathering(rows)
    var best = points.gathering(rows)
    margins = margins.gathering(rows)
    for query in 0..<queries where rows.count > 0 {
      let side = schedule.side(
        query: query, of: images, odd: threat.norm == .l2)
      let tried = proposal.next(best, from: theirs, side: side, using: generator)
      let score = try victim.score(tried, labels: names, loss: .margin)
      let kept = score.fooled .| (score.losses .> margins)
      best = Tensor.select(kept.reshaped([rows.count, 1, 1, 1]), tried, best)
      margins = Tensor.select(kept, score.losses, margins)
      let hits = score.fooled.trueIndices()
      guard hits.count > 0 else { continue }
      let hit = rows.gathering(hits)
      points = points.replacing(hit, with: best.gathering(hits))
      fooled = fooled.replacing(hit, with: score.fooled.gathering(hits))
      let rest = (.!score.fooled).trueIndices()
      (rows, theirs, names) = (
        rows.gathering(rest), theirs.gathering(rest), names.gathering(rest)
      )
      (best, margins) = (best.gathering(rest), margins.gathering(rest))
    }
    return (points, fooled)
  }
}
