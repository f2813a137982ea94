import Attacks
import Testing
import Torch

/// What the result of an attack does not depend on, and what an attack leaves alone.
@Suite struct AttackIndependenceTests {
  /// Catches a hidden random source, and a generator that is ignored or seeded anew.
  @Test(arguments: ContractRow.all)
  func `the generator's seed decides`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, classes: 4, seed: 1, scale: 4)
    let images = pictures([20, 1, 2, 4], classes: 4, seed: 1).images
    let labels = model(images).argmax(along: 1)
    func run(_ generator: Generator) throws -> Tensor {
      try row.make(0.2).callAsFunction(
        images, labels: labels, against: { model($0) }, using: generator)
    }
    let generator = Generator(seed: 6)
    let (first, second) = (try run(generator), try run(generator))
    #expect(first.isIdentical(to: try run(Generator(seed: 6))))
    #expect(first.isIdentical(to: second) == !row.isRandom)
  }

  /// One attack, used on something else in between. Catches an attack that remembers.
  @Test(arguments: ContractRow.all)
  func `leaves no state behind`(row: ContractRow) throws {
    let (model, other) = (
      TanhModel(pixels: 8, classes: 4, seed: 1), TanhModel(pixels: 6, classes: 5, seed: 2)
    )
    let attack = row.make(0.2)
    func run(_ model: TanhModel, _ shape: [Int]) throws -> AttackResult {
      let (images, labels) = pictures(shape, classes: 4, seed: 3)
      return try attack.run(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 4))
    }
    let first = try run(model, [7, 2, 2, 2])
    _ = try run(other, [3, 1, 2, 3])
    let second = try run(model, [7, 2, 2, 2])
    #expect(second.adversarial.isIdentical(to: first.adversarial))
    #expect(second.report == first.report)
  }

  /// Catches means, norms, step sizes and decisions that are taken over the batch.
  @Test(arguments: ContractRow.all.filter { $0.batch != .survivors })
  func `an image does not depend on its neighbours`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, classes: 4, seed: 1)
    let attack = row.make(0.2)
    func run(_ images: Tensor) throws -> Tensor {
      try attack(
        images, labels: model(images).argmax(along: 1), against: { model($0) },
        using: Generator(seed: 4))
    }
    let (ours, others) = (
      pictures([6, 1, 2, 4], classes: 4, seed: 3).images,
      pictures([6, 1, 2, 4], classes: 4, seed: 4).images
    )
    let together = try run(ours)
    for row in 0..<6 {
      let amongOthers = try run(others.replacing(Tensor([row]), with: ours[row..<row + 1]))
      #expect(difference(amongOthers[row], together[row]) < 1e-9)
    }
    guard row.batch == .none else { return }
    for row in 0..<6 {
      #expect(difference(try run(ours[row..<row + 1]), together[row..<row + 1]) < 1e-9)
    }
  }

  /// The same where who survives decides what random numbers the others get: among images that all survive. Of what the
  /// classifier is asked too, since some attacks give survivors back as they were.
  @Test(arguments: ContractRow.all.filter { $0.batch == .survivors })
  func `an image does not depend on neighbours that survive like itself`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, classes: 4, seed: 1)
    // The label's logit is out of the others' reach, and gradients are still far from underflow.
    let lead = Tensor([12.0, 0, 0, 0])
    let sturdy: Classifier = { model($0) + lead.converted(to: $0.dtype) }
    let labels = Tensor([0, 0, 0, 0, 0, 0])
    let attack = row.make(0.05)
    func run(_ images: Tensor) throws -> [Tensor] {
      var points: [Tensor] = []
      let found = try attack(
        images, labels: labels,
        against: {
          points.append($0.detached())
          return sturdy($0)
        }, using: Generator(seed: 4))
      #expect(!fooled(sturdy, found, labels).contains(true), "nobody may be fooled here")
      // FAB, a part of AutoAttack, also asks about groups of its own making; who is where in them it alone knows.
      return (points + [found]).filter { $0.size(0) == 6 }
    }
    let (ours, others) = (
      pictures([6, 1, 2, 4], classes: 4, seed: 3).images,
      pictures([6, 1, 2, 4], classes: 4, seed: 4).images
    )
    let together = try run(ours)
    #expect(together.contains { difference($0, ours) > 1e-3 }, "nothing was tried")
    for row in 0..<6 {
      let amongOthers = try run(others.replacing(Tensor([row]), with: ours[row..<row + 1]))
      #expect(amongOthers.count == together.count)
      for (theirs, mine) in zip(amongOthers, together) {
        #expect(difference(theirs[row], mine[row]) < 1e-9)
      }
    }
  }

  /// Catches writing into the caller's images, and recording modes that leak in or out.
  @Test(arguments: ContractRow.all)
  func `leaves images and recording as they were`(row: ContractRow) throws {
    let model = TanhModel(pixels: 8, classes: 4, seed: 1)
    let (images, labels) = pictures([4, 1, 2, 4], classes: 4, seed: 1)
    let copy = images.copied()
    let attack = row.make(0.1)
    let recorded = try attack(
      images.requiringGradient(), labels: labels, against: { model($0) }, using: Generator(seed: 2))
    #expect(isRecordingGradients && !recorded.requiresGradient)
    let unrecorded = try withoutGradients {
      let found = try attack(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 2))
      #expect(!isRecordingGradients)
      return found
    }
    #expect(unrecorded.isIdentical(to: recorded))
    #expect(images.isIdentical(to: copy))
  }

  /// Gradients are of the images only: a parameter that requires one is not touched and does no harm.
  @Test(arguments: ContractRow.all)
  func `differentiates the images, not the parameters`(row: ContractRow) throws {
    let weights = LinearModel(classes: 4, pixels: 8, seed: 3).weights
    let (images, labels) = pictures([4, 1, 2, 4], classes: 4, seed: 1)
    let fixed = try row.make(0.1).callAsFunction(
      images, labels: labels, against: { $0.flattened(from: 1).linear(weights) },
      using: Generator(seed: 2))
    let leaf = weights.requiringGradient()
    let free = try row.make(0.1).callAsFunction(
      images, labels: labels, against: { $0.flattened(from: 1).linear(leaf) },
      using: Generator(seed: 2))
    #expect(free.isIdentical(to: fixed))
    #expect(images.flattened(from: 1).linear(leaf).sum().gradients(of: [leaf])[0].shape == [4, 8])
  }
}
