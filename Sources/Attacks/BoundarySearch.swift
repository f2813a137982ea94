import Torch

/// The search for the nearest error that ``FAB`` and ``TargetedFAB`` share.
///
/// With fₗ(x) = z_l(x) − z_y(x), a step from xₖ linearises the nearest decision boundary and takes a mean of two
/// projections onto it, so that the point stays near the image it came from:
///
///     l    = argmin |fₗ(xₖ)| / ‖∇fₗ(xₖ)‖_dual            dual: L1 in L∞, L2 in L2
///     d₁, d₂ = projections of xₖ and of x onto fₗ(xₖ) + ∇fₗ(xₖ)·(· − xₖ) = 0 within the box
///     a    = min(‖d₁‖/(‖d₁‖ + ‖d₂‖), 0.1)
///     xₖ₊₁ = clamp((1 − a)(xₖ + 1.05 d₁) + a(x + 1.05 d₂), 0, 1)
///
/// An xₖ₊₁ that is misclassified is kept if it is the nearest so far, and the search goes on from x + 0.9(xₖ₊₁ − x).
/// arXiv 1907.02044, algorithm 1, with the constants of pyautoattack 0.2.0.
struct BoundarySearch {
  let threat: ThreatModel
  let steps: Int
  let restarts: Int
  /// How many target classes are tried one by one, nearest in rank first; nil for all boundaries at once.
  let targets: Int?

  private let overshoot = 1.05
  private let largestShare = 0.1
  private let backwardStep = 0.9

  init(_ threat: ThreatModel, steps: Int, restarts: Int, targets: Int? = nil) {
    self.threat = threat
    self.steps = steps
    self.restarts = restarts
    self.targets = targets
  }

  func checkSettings() throws(AttackError) {
    for (name, value, usual) in [
      ("steps", steps, 100), ("restarts", restarts, 1), ("targets", targets ?? 1, 9),
    ] where value < 1 {
      throw .unusable(
        .setting(name), expected: "at least 1", found: "\(value)", remedy: "\(usual) is usual")
    }
  }

  /// The nearest error found for each image, the images themselves where there is none.
  struct Errors {
    var points: Tensor
    /// `[B]`, float64: 0 for an image that is misclassified as it is, ∞ where no error was found.
    var distances: Tensor
  }

  /// - Parameter enough: an image with an error at this distance or nearer is not searched again.
  func callAsFunction(
    _ images: Tensor, labels: Tensor, enough: Double, against victim: inout Victim,
    using generator: Generator
  ) throws(AttackError) -> Errors {
    let logits = try victim.logits(images)
    let wrong = Victim.errs(logits, labels)
    let nowhere = Self.infinity(images)
    var found = Errors(
      points: images, distances: Tensor.select(wrong, Tensor.zeros(like: nowhere), nowhere))
    let classes = logits.size(1)
    let ranking = logits.largest(classes).indices
    let ranks: [Int?] = targets.map { Array(1...min($0, classes - 1)) } ?? [nil]
    for rank in ranks {
      let goals = rank.map { ranking.selecting($0, along: 1) }
      for run in 0..<restarts {
        let rows = (found.distances .> enough).trueIndices()
        guard rows.count > 0 else { return found }
        let theirs = images.gathering(rows)
        let errors = try walk(
          theirs, labels: labels.gathering(rows), towards: goals?.gathering(rows),
          from: run == 0 ? theirs : randomStart(theirs, using: generator), against: &victim)
        let nearer = (found.distances.gathering(rows) .> errors.distances).trueIndices()
        let places = rows.gathering(nearer)
        found.points = found.points.replacing(places, with: errors.points.gathering(nearer))
        found.distances = found.distances.replacing(
          places, with: errors.distances.gathering(nearer))
      }
    }
    return found
  }

  /// One run of `steps` steps.
  ///
  /// - Parameter goals: a target class for each image, int64 `[B]`; nil for the nearest boundary at each step.
  private func walk(
    _ images: Tensor, labels: Tensor, towards goals: Tensor?, from start: Tensor,
    against victim: inout Victim
  ) throws(AttackError) -> Errors {
    victim.beginRun()
    let projection = HyperplaneProjection(norm: threat.norm)
    let rows = ThreatModel.rows(images)
    var point = ThreatModel.rows(start)
    var found = Errors(points: rows, distances: Self.infinity(images))
    for _ in 0..<steps {
      let boundary = try boundary(
        at: point.reshaped(images.shape), labels, goals, against: &victim)
      // The same hyperplane, as seen from the image.
      let value =
        boundary.value.converted(to: .float64)
        + ((rows - point).converted(to: .float64) * boundary.slope.converted(to: .float64))
        .sum(along: [1])
      let fromPoint = projection(point, values: boundary.value, slopes: boundary.slope)
      let fromImage = projection(rows, values: value, slopes: boundary.slope)
      let (length, imageLength) = (size(fromPoint), size(fromImage))
      let share = (length / (length + imageLength)).clamped(0, largestShare)
      let (x, xₖ) = (rows.converted(to: .float64), point.converted(to: .float64))
      let mean = (xₖ + fromPoint * overshoot) * (1 - share) + (x + fromImage * overshoot) * share
      point = mean.converted(to: images.dtype).clamped(0, 1)

      let fooled = try victim.score(point.reshaped(images.shape), labels: labels).fooled
      let distances = threat.distances(from: rows, to: point)
      let nearer = fooled .& (found.distances .> distances)
      found.distances = Tensor.select(nearer, distances, found.distances)
      found.points = Tensor.select(nearer.unsqueezed(1), point, found.points)
      point = Tensor.select(
        fooled.unsqueezed(1), rows + (point - rows) * backwardStep, point)
    }
    found.points = found.points.reshaped(images.shape)
    return found
  }

  private static func infinity(_ images: Tensor) -> Tensor {
    Tensor.full(.infinity, shape: [images.size(0)], dtype: .float64, device: images.device)
  }

  /// ‖d‖ of each row, `[B, 1]`; never 0, so that a share of it exists.
  private func size(_ displacements: Tensor) -> Tensor {
    displacements.norm(threat.norm == .linf ? .infinity : 2, along: [1], keeping: true)
      .clamped(1e-8, nil)
  }

  /// The nearest boundary as the linear models of the fₗ have it: fₗ, `[B]`, and ∇fₗ, `[B, D]`.
  private func boundary(
    at points: Tensor, _ labels: Tensor, _ goals: Tensor?, against victim: inout Victim
  ) throws(AttackError) -> (value: Tensor, slope: Tensor) {
    if let goals {
      func lead(_ logits: Tensor) -> Tensor {
        let (goal, own) = (goals.unsqueezed(1), labels.unsqueezed(1))
        return (logits.picking(goal, along: 1) - logits.picking(own, along: 1)).squeezed(1)
      }
      let answer = try victim.gradients(points) { [lead($0)] }
      return (lead(answer.logits), ThreatModel.rows(answer.gradients[0]))
    }
    let answer = try victim.gradients(points) { logits in
      (0..<logits.size(1)).map { logits.selecting($0, along: 1) }
    }
    let classes = answer.logits.size(1)
    let own = labels.unsqueezed(1)
    let slopes = Tensor.stacking(answer.gradients.map(ThreatModel.rows), along: 1)
    let pixels = slopes.size(2)
    func row(_ index: Tensor) -> Tensor { index.unsqueezed(2).expanded(to: [-1, -1, pixels]) }
    let differences = answer.logits - answer.logits.picking(own, along: 1)
    let relative = slopes - slopes.picking(row(own), along: 1)
    let dual = relative.norm(threat.norm == .linf ? 1 : 2, along: [2])
    let distances = differences.magnitude() / (dual + 1e-12)
    let isOwn = Tensor.arange(0, classes).moved(to: labels.device) .== own
    let far = Tensor.full(.infinity, shape: [1], dtype: distances.dtype, device: distances.device)
    let nearest = (-Tensor.select(isOwn, far, distances)).argmax(along: 1).unsqueezed(1)
    return (
      differences.picking(nearest, along: 1).squeezed(1),
      relative.picking(row(nearest), along: 1).squeezed(1)
    )
  }

  /// A random point at ε/2 of each image: the largest pixel (L∞) or the length (L2) of what is added is ε/2.
  private func randomStart(_ images: Tensor, using generator: Generator) -> Tensor {
    let drawn =
      switch threat.norm {
      case .linf: Tensor.uniform(images.shape, in: -1...1, using: generator)
      case .l2: Tensor.normal(images.shape, using: generator)
      }
    let rows = ThreatModel.rows(drawn)
    let largest = rows.norm(threat.norm == .linf ? .infinity : 2, along: [1], keeping: true)
    let move = (rows * threat.epsilon / largest * 0.5).reshaped(images.shape)
    return (images + move.converted(to: images.dtype).moved(to: images.device)).clamped(0, 1)
  }
}
