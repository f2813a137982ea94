import Testing
import Torch

@testable import Attacks

@Suite struct SquareTests {
  /// Largest margin that the attack saw for each of its images; the attack itself returns errors only.
  private func bestMargins(
    _ attack: Square, _ model: LinearModel, _ image: Tensor, _ label: Tensor, seed: UInt64
  ) throws -> Double {
    var best = -Double.infinity
    let own = Int(label.item())
    _ = try attack(
      image, labels: label,
      against: { points in
        let logits = model(points)[0].scalars(of: Double.self)
        best = max(best, logits[1 - own] - logits[own])
        return model(points)
      }, using: Generator(seed: seed))
    return best
  }

  /// The optimum of a linear margin is m + ε‖w‖_dual. Squares of one pixel reach every corner of the L∞ ball but for the
  /// last row and column, where the published corner draw never puts a small square: there the slope is 0. Catches an
  /// attack that leaves the ball, one that forgets what it found, and a wrong side of the margin.
  @Test(arguments: [[1, 1, 6, 6], [1, 3, 5, 7], [1, 2, 8, 4]])
  func `comes near the optimum of a linear model`(shape: [Int]) throws {
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    let generator = Generator(seed: UInt64(height * width))
    let weights = Tensor.normal([2, channels, height, width], dtype: .float64, using: generator)
    for edge in [weights.selecting(height - 1, along: 2), weights.selecting(width - 1, along: 3)] {
      edge.multiplyInPlace(by: 0)
    }
    let model = LinearModel(
      weights: weights.reshaped([2, channels * height * width]),
      bias: Tensor([30.0, 0]))
    let image = Tensor.uniform(shape, in: 0.4...0.6, dtype: .float64, using: generator)
    let label = Tensor([0])
    let ascent = model.weights[1] - model.weights[0]
    let logits = model(image)[0].scalars(of: Double.self)
    for (norm, epsilon, share) in [(ThreatModel.Norm.linf, 0.05, 0.999), (.l2, 0.3, 0.35)] {
      let gain = epsilon * ascent.norm(norm == .linf ? 1 : 2).item()
      let start = logits[1] - logits[0]
      #expect(start + gain < 0, "errors would end the search early")
      let threat = ThreatModel(norm, epsilon: epsilon)
      let found = try bestMargins(
        Square(threat, queries: 3000, rescalesSchedule: true), model, image, label, seed: 1)
      #expect(found <= start + gain + 1e-9)
      #expect(found >= start + share * gain, "\(norm): \((found - start) / gain) of the way")
    }
  }

  /// Published sides for 32 × 32, and the query at which each begins. Catches an off-by-one and a schedule that is
  /// rescaled where AutoAttack's is not.
  @Test func `squares shrink as published`() {
    let images = Tensor.zeros([1, 3, 32, 32])
    func sides(_ schedule: SquareSchedule, _ queries: [Int], odd: Bool = false) -> [Int] {
      queries.map { schedule.side(query: $0, of: images, odd: odd) }
    }
    let plain = SquareSchedule(initialShare: 0.8, queries: nil)
    let changes = [0, 11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001]
    #expect(sides(plain, changes) == [29, 20, 14, 10, 7, 5, 4, 3, 2, 1])
    #expect(sides(plain, changes.dropFirst().map { $0 - 1 }) == [29, 20, 14, 10, 7, 5, 4, 3, 2])
    #expect(sides(plain, changes, odd: true) == [29, 21, 15, 11, 7, 5, 5, 3, 3, 3])
    let half = SquareSchedule(initialShare: 0.8, queries: 5000)
    #expect(sides(half, [0, 5, 6, 25, 26, 4000, 4001]) == [29, 29, 20, 20, 14, 2, 1])
    let flat = Tensor.zeros([1, 1, 4, 40])
    #expect(plain.side(query: 0, of: flat, odd: false) == 4)
    #expect(plain.side(query: 9000, of: flat, odd: false) == 1)
  }

  /// Length 1, half up and half down, in both orientations. The numbers of the 3 × 3 pattern are worked out by hand: a
  /// row of bumps 1, 1, 1 around (0, 1) above; a 2 × 3 bump below, where the second rectangle covers all.
  @Test func `the L2 pattern has length 1 and two signs`() {
    let generator = Generator(seed: 5)
    var orientations = Set<Bool>()
    for side in 1...9 {
      for _ in 0..<8 {
        let pattern = SquarePattern.random(side: side, using: generator)
        #expect(pattern.shape == [side, side])
        #expect(abs(pattern.norm().item() - 1) < 1e-6)
        guard side > 1 else { continue }
        let top = pattern[0].scalars(of: Float.self)
        let isUpright = top.allSatisfy { $0 > 0 }
        let upright = isUpright ? pattern : pattern.transposed()
        #expect(upright[0..<side / 2].min().item() > 0)
        #expect(upright[side / 2..<side].max().item() < 0)
        orientations.insert(isUpright)
      }
    }
    #expect(orientations.count == 2)
    var pattern = SquarePattern.random(side: 3, using: Generator(seed: 1))
    if pattern[0].min().item() < 0 { pattern = pattern.transposed() }
    // Above: the row of 1 × 3 has 1/4, 1 + 1/4, 1/4. Below: row 0 of the 2 × 3 gets 1/4 each, row 1 the same and a 1.
    func scaled(_ values: [Float]) -> [Float] {
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return values.map { $0 / length }
    }
    let above = scaled([0.25, 1.25, 0.25])
    let below = scaled([0.25, 0.25, 0.25, 0.25, 1.25, 0.25]).map { -$0 }
    let expected = scaled(above + below)
    #expect(
      zip(pattern.scalars(of: Float.self), expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  /// A classifier without any gradient, and only survivors asked again. Catches a hidden backward pass.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `needs no gradient and asks about survivors only`(norm: ThreatModel.Norm) throws {
    let model = LinearModel(classes: 3, pixels: 2 * 6 * 5, seed: 3, dtype: .float32)
    let (images, _) = pictures([30, 2, 6, 5], classes: 3, seed: 4, dtype: .float32)
    let steps: Classifier = {
      model(($0 * 16).detached().converted(to: .int64).converted(to: .float32))
    }
    let labels = steps(images).argmax(along: 1)
    var sizes: [Int] = []
    let threat = ThreatModel(norm, epsilon: norm == .linf ? 0.15 : 0.7)
    let result = try Square(threat, queries: 60, restarts: 2).run(
      images, labels: labels,
      against: {
        #expect(!isRecordingGradients)
        sizes.append($0.size(0))
        return steps($0)
      }, using: Generator(seed: 1))
    let broken = fooled(steps, result.adversarial, labels)
    #expect(broken.count { $0 } > 5 && broken.contains(false))
    for (row, isBroken) in broken.enumerated() where !isBroken {
      #expect(result.adversarial[row].isIdentical(to: images[row]))
    }
    #expect(sizes.count == 1 + 2 * 61 && sizes[0] == 30)
    #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(sizes.last! >= broken.count { !$0 })
    #expect(result.report.gradientEvaluations.isEmpty)
  }

  /// Catches a window that is too wide or misplaced, and a change of the whole image where one of a square is meant.
  @Test(arguments: ThreatModel.Norm.allCases)
  func `every proposal differs from the best point in squares only`(norm: ThreatModel.Norm) {
    let threat = ThreatModel(norm, epsilon: 0.4)
    let proposal = SquareProposal(threat: threat)
    let generator = Generator(seed: 2)
    let images = Tensor.uniform([4, 3, 9, 11], dtype: .float64, using: generator)
    var best = proposal.start(images, using: generator)
    var changes = 0.0
    for side in [9, 7, 5, 3] {
      for _ in 0..<10 {
        let next = proposal.next(best, from: images, side: side, using: generator)
        #expect(threat.violations(of: next, from: images).isEmpty)
        let changed = (.!(next .== best)).converted(to: .float64)
        if norm == .linf {
          let rows = changed.max(along: [0, 1, 3]).sum().item()
          let columns = changed.max(along: [0, 1, 2]).sum().item()
          #expect(rows <= Double(side) && columns <= Double(side))
        }
        changes += changed.max().item()
        best = next
      }
    }
    #expect(changes > 25)
  }

  /// A tie that the classifier decides for the label is no error, whatever the margin says. The published search stops at
  /// a margin of 0 and would leave such an image unattacked.
  @Test func `a tie in the label's favour is not the end`() throws {
    let images = Tensor.full(0.5, shape: [1, 1, 4, 4], dtype: .float64)
    let coarse: Classifier = { points in
      let lead = ((points - 0.5).sum(along: [1, 2, 3]) * 4).converted(to: .int64)
        .converted(to: .float64).clamped(-1, 1).unsqueezed(1)
      return Tensor.concatenating([lead * 0, lead], along: 1)
    }
    let found = try Square(.linf(0.2), queries: 300)(
      images, labels: Tensor([0]), against: coarse, using: Generator(seed: 0))
    #expect(fooled(coarse, found, Tensor([0])) == [true])
  }

  @Test func `refuses what it cannot search`() {
    func complaint(_ attack: Square, _ shape: [Int]) -> String {
      message { () throws(AttackError) in
        _ = try attack(
          Tensor.zeros(shape), labels: Tensor.zeros([shape[0]], dtype: .int64),
          against: { LinearModel(classes: 2, pixels: 12, seed: 1, dtype: .float32)($0) },
          using: Generator(seed: 0))
      } ?? "nothing"
    }
    #expect(
      complaint(Square(.linf(0.1)), [2, 12])
        == "images: expected [B, C, H, W], pictures that have squares, found [2, 12]; "
        + "reshape them, or leave Square out")
    #expect(complaint(Square(.linf(0.1)), [2, 1, 3, 2, 2]).hasPrefix("images: expected [B, C"))
    #expect(
      complaint(Square(.l2(0.1), queries: 0), [2, 1, 3, 4]).hasPrefix("queries: expected at least"))
    #expect(complaint(Square(.l2(0.1), restarts: 0), [2, 1, 3, 4]).hasPrefix("restarts: expected"))
    for share in [0, 1.1, .nan] {
      #expect(
        complaint(Square(.l2(0.1), initialShare: share), [2, 1, 3, 4])
          .hasPrefix("initial share: expected 0 < p ≤ 1"))
    }
    #expect(complaint(Square(.l2(0.1), queries: 5), [2, 1, 3, 4]) == "nothing")
  }
}
