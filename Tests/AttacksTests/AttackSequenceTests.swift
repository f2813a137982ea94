import Attacks
import Testing
import Torch

/// Shifts pixel 0 to 0 in images whose pixel 1 lies in a range, and remembers what it was given.
private struct Shift: Attack {
  let range: ClosedRange<Double>
  var threat = ThreatModel.linf(0.5)
  let seen: @Sendable ([Double]) -> Void
  var name: String { "Shift" }

  func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let key = images.slicing(1..<2, along: 1)
    seen(key.flattened().scalars(of: Double.self))
    let moved = (key .>= range.lowerBound) .& (key .<= range.upperBound)
    let value = images.slicing(0..<1, along: 1)
    // Where it has no effect it moves the image all the same, by a little.
    return Tensor.concatenating([Tensor.select(moved, value * 0, value - 0.01), key], along: 1)
  }
}

@Suite struct AttackSequenceTests {
  /// Class 1 where pixel 0 exceeds 0.25, else class 0.
  private func threshold(_ images: Tensor) -> Tensor {
    let z = images.slicing(0..<1, along: 1) - 0.25
    return Tensor.concatenating([-z, z], along: 1)
  }

  let images = Tensor([0.5, 0.1, 0.5, 0.9, 0.5, 0.5, 0.1, 0.2, 0.5, 0.15], shape: [5, 2])

  /// Catches an attack that sees images broken before it, rows written back to the wrong images, and a later attack
  /// that undoes what an earlier one found.
  @Test func `each attack sees the survivors of those before`() throws {
    nonisolated(unsafe) var seen: [[Double]] = []
    let sequence = AttackSequence(
      name: "three",
      [
        Shift(range: 0...0.12) { seen.append($0) }, Shift(range: 0.7...1) { seen.append($0) },
        Shift(range: 0.13...0.3) { seen.append($0) },
      ])
    let result = try sequence.run(
      images, labels: Tensor([1, 1, 1, 1, 1]), against: threshold, using: Generator(seed: 0))
    // Image 3 errs as it is.
    #expect(seen == [[0.1, 0.9, 0.5, 0.15], [0.9, 0.5, 0.15], [0.5, 0.15]])
    let expected = Tensor([0, 0.1, 0, 0.9, 0.5, 0.5, 0.1, 0.2, 0, 0.15], shape: [5, 2])
    #expect(result.adversarial.isIdentical(to: expected), "a survivor stays as it was")
    // The images, and what each attack made of them.
    #expect(result.report.classifierCalls == 4)
    #expect(result.report.imagesClassified == 5 + 4 + 3 + 2)
  }

  @Test func `stops when no image is left`() throws {
    nonisolated(unsafe) var calls = 0
    let sequence = AttackSequence(
      name: "two", [Shift(range: 0...1) { _ in }, Shift(range: 0...1) { _ in calls += 1 }])
    _ = try sequence(
      images, labels: Tensor([1, 1, 1, 1, 1]), against: threshold, using: Generator(seed: 0))
    #expect(calls == 0)
  }

  /// A real one: as strong as its strongest member, image by image.
  @Test func `is the worst case of its members`() throws {
    let model = TanhModel(pixels: 6, classes: 3, seed: 3)
    let images = pictures([200, 6], classes: 3, seed: 4).images
    let labels = model(images).argmax(along: 1)
    // Each sees the slope of a third of the pixels only.
    let members: [any Attack] = [0..<2, 2..<4, 4..<6].map { third in
      let mask = Tensor((0..<6).map { third.contains($0) ? 1.0 : 0 })
      return AttackThroughSource(
        FGSM(epsilon: 0.25),
        through: GradientSource(name: "\(third)") {
          { model($0 * mask + ($0 * (1 - mask)).detached()) }
        })
    }
    func failures(_ attack: any Attack) throws -> [Bool] {
      fooled(
        { model($0) },
        try attack(images, labels: labels, against: { model($0) }, using: Generator(seed: 0)),
        labels)
    }
    let each = try members.map(failures)
    let sequence = AttackSequence(name: "worst", members)
    let worst = try failures(sequence)
    #expect(worst == (0..<200).map { row in each.contains { $0[row] } })
    #expect(
      each.allSatisfy { $0 != worst }, "\(each.map { $0.count { $0 } }) \(worst.count { $0 })")
  }

  @Test func `another threat model is refused`() {
    let sequence = AttackSequence(
      name: "mixed", [FGSM(epsilon: 0.1), PGD(.l2(0.1), stepSize: 0.1, steps: 2)])
    let complaint = message { () throws(AttackError) in try sequence.checkSettings() }
    #expect(
      complaint
        == "threat model of PGD-2: expected L∞ 0.1, as the first attack's, found L2 0.1; a worst case "
        + "needs one threat model")
    let inner = AttackSequence(name: "bad member", [PGD(.linf(0.1), stepSize: 0, steps: 2)])
    #expect(
      message { () throws(AttackError) in try inner.checkSettings() }?.hasPrefix("step") == true)
  }

  @Test func `an empty sequence traps`() async {
    await #expect(processExitsWith: .failure) { _ = AttackSequence(name: "none", []) }
  }
}
