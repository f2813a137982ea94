import Attacks
import Testing
import Torch

@Suite struct FABTests {
  /// Distance to the boundary of a two-class linear model inside the box, by bisection on the radius: the ball's most
  /// harmful point is known, x + r u clipped to the box.
  private func nearest(_ x: [Double], ascent w: [Double], lead: Double, _ norm: ThreatModel.Norm)
    -> Double
  {
    func worst(_ time: Double) -> [Double] {
      zip(x, w).map { x, w in
        let step = norm == .linf ? (w > 0 ? time : w < 0 ? -time : 0) : time * w
        return min(max(x + step, 0), 1) - x
      }
    }
    var (low, high) = (0.0, 1.0)
    func crosses(_ time: Double) -> Bool {
      lead + zip(worst(time), w).reduce(0) { $0 + $1.0 * $1.1 } >= 0
    }
    while !crosses(high), high < 1e6 { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if crosses(middle) { high = middle } else { low = middle }
    }
    let d = worst(high)
    return norm == .linf
      ? d.map(abs).max()! : d.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  private func distances(
    _ norm: ThreatModel.Norm, targeted: Bool, _ images: Tensor, _ labels: Tensor,
    _ classifier: Classifier
  ) throws -> MinimumDistances {
    let threat = ThreatModel(norm, epsilon: 0.1)
    return targeted
      ? try TargetedFAB(threat, steps: 60).minimumDistances(
        images, labels: labels, against: classifier, using: Generator(seed: 0))
      : try FAB(threat, steps: 60).minimumDistances(
        images, labels: labels, against: classifier, using: Generator(seed: 0))
  }

  /// |f|/‖w‖_dual where [0, 1] is far away. Never below, by the definition of a distance; above by what an overshoot of
  /// 1.05 leaves when the search comes back to the boundary. Catches a wrong dual norm, wrong projections, a search that
  /// does not come back, and an error that is none.
  @Test(arguments: ThreatModel.Norm.allCases, [false, true])
  func `finds the closed form of a linear model`(norm: ThreatModel.Norm, targeted: Bool) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let model = LinearModel(classes: 2, pixels: 12, seed: seed)
      let images = pictures([15, 3, 2, 2], classes: 2, seed: seed, in: 0.45...0.55).images
      let logits = model(images)
      let labels = logits.argmax(along: 1)
      let margin = (logits.selecting(0, along: 1) - logits.selecting(1, along: 1)).magnitude()
      let ascent = model.ascent(labels)
      let expected = margin / ascent.norm(norm == .linf ? 1 : 2, along: [1])
      // How far the pixel goes that goes furthest.
      let reach =
        norm == .linf
        ? expected : expected * ascent.norm(.infinity, along: [1]) / ascent.norm(along: [1])
      let found = try distances(norm, targeted: targeted, images, labels) { model($0) }
      let near = (reach .< 0.4)
      #expect(near.sum().item() >= 8)
      let excess = Tensor.select(near, found.distances / expected, Tensor.full(1, shape: [1]))
      #expect(excess.min().item() >= 1 - 1e-9 && excess.max().item() < 1.006)
      let threat = ThreatModel(norm, epsilon: 1)
      #expect(
        difference(threat.distances(from: images, to: found.adversarial), found.distances) < 1e-12)
      #expect(!fooled({ model($0) }, found.adversarial, labels).contains(false))
    }
  }

  /// The same where the way is clipped: images in all of [0, 1], by bisection.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `finds the nearest point of the box`(norm: ThreatModel.Norm) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let model = LinearModel(classes: 2, pixels: 5, seed: seed)
      let images = (pictures([25, 5], classes: 2, seed: seed).images * 1.4 - 0.2).clamped(0, 1)
      let labels = model(images).argmax(along: 1)
      let found = try distances(norm, targeted: false, images, labels) { model($0) }
      let ascent = model.ascent(labels)
      var clipped = 0
      for row in 0..<25 {
        let w = ascent[row].scalars(of: Double.self)
        let logits = model(images[row..<row + 1]).scalars(of: Double.self)
        let lead = -abs(logits[0] - logits[1])
        let expected = nearest(images[row].scalars(of: Double.self), ascent: w, lead: lead, norm)
        let distance = found.distances[row].item()
        // Out of reach within the box, or nearly so: an overshoot may be needed to cross.
        guard expected < 0.9, distance.isFinite else { continue }
        if expected > -lead / Tensor(w).norm(norm == .linf ? 1 : 2).item() * 1.01 { clipped += 1 }
        #expect(distance >= expected * (1 - 1e-9) && distance <= expected * 1.02 + 1e-6)
      }
      #expect(clipped >= 3)
    }
  }

  /// Of several boundaries the nearest: min over classes of |f_l|/‖w_l − w_y‖_dual. Untargeted steps see them all, targets
  /// meet it in their order.
  @Test(arguments: ThreatModel.Norm.allCases, [false, true])
  func `finds the nearest of several boundaries`(norm: ThreatModel.Norm, targeted: Bool) throws {
    let model = LinearModel(classes: 6, pixels: 20, seed: 2)
    let images = pictures([20, 20], classes: 6, seed: 3, in: 0.45...0.55).images
    let logits = model(images)
    let labels = logits.argmax(along: 1)
    let found = try distances(norm, targeted: targeted, images, labels) { model($0) }
    for row in 0..<20 {
      let own = Int(labels[row].item())
      let expected = (0..<6).filter { $0 != own }.map { other in
        (logits[row][own].item() - logits[row][other].item())
          / (model.weights[other] - model.weights[own]).norm(norm == .linf ? 1 : 2).item()
      }.min()!
      guard expected < 0.4 else { continue }
      let distance = found.distances[row].item()
      #expect(distance >= expected * (1 - 1e-9) && distance <= expected * 1.02)
    }
  }

  /// One step, so that the choice of the boundary is all there is. Both are equally far in logits: one has its slope in one
  /// pixel (L1 2, L2 2), the other spread over sixteen (L1 4, L2 1). Catches the norm itself in place of its dual.
  @Test func `the nearest boundary is that of the dual norm`() throws {
    let slopes = [Double](repeating: 0, count: 16) + [2] + [Double](repeating: 0, count: 15)
    let weights = Tensor(slopes + [Double](repeating: 0.25, count: 16), shape: [3, 16])
    let images = Tensor.full(0.5, shape: [1, 16], dtype: .float64)
    let model = LinearModel(
      weights: weights, bias: Tensor([0.4, 0, 0]) - weights.sum(along: [1]) * 0.5)
    for (norm, expected) in [(ThreatModel.Norm.linf, 0.4 / 4), (.l2, 0.4 / 2)] {
      let found = try FAB(ThreatModel(norm, epsilon: 1), steps: 1).minimumDistances(
        images, labels: Tensor([0]), against: { model($0) }, using: Generator(seed: 0))
      #expect(abs(found.distances.item() - 1.05 * expected) < 1e-12)
    }
  }

  /// Only errors within ε are returned; others stay as they were, bit for bit.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `keeps what lies within ε`(norm: ThreatModel.Norm) throws {
    let model = LinearModel(classes: 4, pixels: 12, seed: 7)
    let images = pictures([40, 12], classes: 4, seed: 8, in: 0.3...0.7).images
    let labels = model(images).argmax(along: 1)
    let all = try distances(norm, targeted: false, images, labels) { model($0) }
    let middle = all.distances.sorted(along: 0).values[20].item() * 1.001
    let found = try FAB(ThreatModel(norm, epsilon: middle), steps: 60)(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
    let broken = fooled({ model($0) }, found, labels)
    for row in 0..<40 {
      let isNear = all.distances[row].item() <= middle
      #expect(broken[row] == isNear)
      #expect(found[row].isIdentical(to: isNear ? all.adversarial[row] : images[row]))
    }
    #expect(broken.count { $0 } == 21)
  }

  /// Restarts and targets go on with the survivors only, and find no less.
  @Test func `more runs are never worse`() throws {
    let model = TanhModel(pixels: 8, hidden: 12, classes: 5, seed: 3, scale: 2)
    let images = pictures([60, 8], classes: 5, seed: 4).images
    let labels = model(images).argmax(along: 1)
    var before = [Double](repeating: .infinity, count: 60)
    var improved = 0
    for restarts in 1...3 {
      let now = try FAB(.linf(0.1), steps: 15, restarts: restarts).minimumDistances(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 1)
      ).distances.scalars(of: Double.self)
      for (old, new) in zip(before, now) {
        #expect(new <= old)
        if restarts > 1, new < old { improved += 1 }
      }
      before = now
    }
    #expect(improved > 0, "restarts find nothing new here")
    var sizes: [Int] = []
    _ = try TargetedFAB(.linf(0.1), steps: 3, targets: 4, restarts: 2)(
      images, labels: labels,
      against: {
        sizes.append($0.size(0))
        return model($0)
      }, using: Generator(seed: 1))
    // A forward pass for the clean logits; a gradient and a decision a step, eight runs at most.
    #expect(sizes.count == 1 + 8 * 6)
    #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 >= $1 } && sizes.last! < 60)
  }

  @Test func `fewer classes mean fewer targets`() throws {
    let model = LinearModel(classes: 3, pixels: 6, seed: 1)
    let images = pictures([5, 6], classes: 3, seed: 2).images
    let labels = model(images).argmax(along: 1)
    var calls = 0
    _ = try TargetedFAB(.linf(1e-6), steps: 2)(
      images, labels: labels,
      against: {
        calls += 1
        return model($0)
      }, using: Generator(seed: 0))
    #expect(calls == 1 + 2 * 2 * 2)
  }

  /// The loss the search climbs is no loss: an image without a gradient stays, and nothing is made up.
  @Test func `without a gradient nothing is found`() throws {
    let images = Tensor.full(0.5, shape: [2, 4])
    let flat: Classifier = { images in
      let zero = images.sum(along: [1], keeping: true) * 0
      return Tensor.concatenating([zero + 1, zero], along: 1)
    }
    let found = try FAB(.linf(0.2), steps: 4).minimumDistances(
      images, labels: Tensor([0, 1]), against: flat, using: Generator(seed: 0))
    #expect(found.distances.scalars(of: Double.self) == [.infinity, 0])
    #expect(found.adversarial.isIdentical(to: images))
    #expect(found.report.gradientEvaluations.allSatisfy { $0.zeroGradients == $0.images })
  }

  @Test func `refuses settings that make no sense`() {
    func complaint(_ attack: some Attack) -> String {
      message { () throws(AttackError) in try attack.checkSettings() } ?? "nothing"
    }
    #expect(complaint(FAB(.l2(1), steps: 0)) == "steps: expected at least 1, found 0; 100 is usual")
    #expect(complaint(FAB(.l2(1), restarts: 0)).hasPrefix("restarts: expected at least 1"))
    #expect(complaint(TargetedFAB(.l2(1), targets: 0)).hasPrefix("targets: expected at least 1"))
  }
}
