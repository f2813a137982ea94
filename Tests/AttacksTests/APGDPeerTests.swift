import Attacks
import TestSupport
import Testing
import Torch

/// pyautoattack 0.2.0 and torchattacks 3.5.1 on a small smooth network, in float64, from the same seed
/// (scripts/fixtures/apgd.py). LibTorch draws the same numbers in both languages, so even the random starts are
/// compared, and after them everything that follows.
///
/// Differences that were found:
/// - Theirs returns the image itself where nothing fooled, ours the point of highest loss: their `best`.
/// - Theirs divides by ‖·‖ + 1e-12, ours by ‖·‖. That, and the order of sums, is 1e-12 at first. In L2 an image that
///   has converged keeps moving by rounding, which APGD's momentum carries along: hence 1e-6.
/// - Once the loss of a converged image changes by rounding only, so do the counts of its rises: step sizes are
///   compared while the loss still moves by more than 1e-12.
/// - The logit ratio is 1 wherever the label is third: its gradient there is 1e-12 of others. In L2 theirs adds 1e-12 to
///   its length and takes a part of a step, ours takes a whole one. Such images are fooled already; they are compared
///   until they get there, and the whole attack's L2 images by outcome only.
/// - torchattacks 3.5.1 moves the whole batch by its first image's step size in targeted L2 APGD (`step_size[0]`).
///   So there the two peers agree on single images only; we agree with pyautoattack.
@Suite struct APGDPeerTests {
  let file: NamedTensors
  let epsilons: [ThreatModel.Norm: Double] = [.linf: 0.06, .l2: 0.2]
  let kept = [0, 1, 2, 3, 22, 23, 41, 42, 57, 58, 71, 81, 100]
  static let norms: [ThreatModel.Norm] = [.linf, .l2]

  init() throws { file = try Fixture.load("apgd.safetensors").tensors }

  private func model(_ images: Tensor) -> Tensor {
    images.flattened(from: 1).linear(file["w"]!, bias: file["b"]!).hyperbolicTangent()
      .linear(file["v"]!)
  }

  private func peerName(_ norm: ThreatModel.Norm) -> String { norm == .linf ? "Linf" : "L2" }

  private func threat(_ norm: ThreatModel.Norm) -> ThreatModel {
    ThreatModel(norm, epsilon: epsilons[norm]!)
  }

  /// Iterates, losses and step sizes of one run of 100 steps.
  @Test(arguments: norms, ["ce", "dlr", "dlr-targeted"])
  func `a run is theirs step by step`(norm: ThreatModel.Norm, peerLoss: String) throws {
    let name = "run.\(peerName(norm)).\(peerLoss)."
    let points = file[name + "points"]!
    let rows = points.size(1)
    let images = file["images"]![0..<rows]
    let loss: AttackLoss =
      switch peerLoss {
      case "ce": .crossEntropy
      case "dlr": .logitRatio
      default: .targetedLogitRatio(targets: file[name + "targets"]!)
      }
    var seen: [APGD.Iterate] = []
    let found = try APGD(threat(norm), loss: loss).run(
      images, labels: file["labels"]![0..<rows], against: model, startingAt: points[0],
      using: Generator(seed: 0)
    ) { seen.append($0) }.adversarial
    #expect(seen.count == 101)
    let flat = (0..<rows).map { row in
      norm == .l2 && peerLoss == "dlr"
        ? seen.firstIndex { abs($0.losses[row].item() - 1) < 1e-9 } ?? 101 : 101
    }
    #expect(flat.contains(101))
    for (index, step) in kept.enumerated() {
      for row in 0..<rows where step <= flat[row] {
        let error = difference(seen[step].points[row], points[index][row])
        #expect(error < (step < 4 ? 1e-10 : 1e-6), "step \(step), row \(row): \(error)")
      }
    }
    var compared = 0
    for step in 1...100 {
      let theirs = file[name + "losses"]![step - 1]
      for row in 0..<rows where step <= flat[row] {
        #expect(abs((seen[step].losses[row] - theirs[row]).item()) < 1e-7, "step \(step)")
        guard isMoving(file[name + "losses"]!, row, before: step) else { continue }
        compared += 1
        let sizes = (
          seen[step].stepSizes[row].item(), file[name + "step-sizes"]![step - 1][row].item()
        )
        #expect(sizes.0 == sizes.1, "step \(step), row \(row)")
      }
    }
    #expect(compared > 100)
    let theirFooled = file[name + "fooled"]! .> 0
    #expect((0..<rows).contains { theirFooled[$0].item() > 0 })
    let expected = Tensor.select(
      theirFooled.reshaped([rows, 1, 1, 1]), file[name + "fooling"]!, file[name + "best"]!)
    for row in 0..<rows where flat[row] == 101 {
      #expect(difference(found[row], expected[row]) < 1e-6)
    }
  }

  /// Whether the losses of a row have moved in every step so far.
  private func isMoving(_ losses: Tensor, _ row: Int, before step: Int) -> Bool {
    let values = losses.selecting(row, along: 1).scalars(of: Double.self)
    return (1..<max(step, 1)).allSatisfy {
      values[$0] == values[$0 - 1] || abs(values[$0] - values[$0 - 1]) > 1e-12
    }
  }

  /// Random starts, two runs, survivors only, targets in their order. Catches another stream of random numbers, another
  /// size of what is drawn, and targets that are ranked otherwise.
  @Test(arguments: norms, ["ce", "dlr", "t"])
  func `the whole attack gives their images`(norm: ThreatModel.Norm, peerLoss: String) throws {
    let attack: any Attack =
      switch peerLoss {
      case "ce": APGD(threat(norm), restarts: 2)
      case "dlr": APGD(threat(norm), loss: .logitRatio, restarts: 2)
      default: TargetedAPGD(threat(norm), targets: 4)
      }
    let (images, labels) = (file["images"]!, file["labels"]!)
    let found = try attack(images, labels: labels, against: model, using: Generator(seed: 6000))
    let theirs = file["whole.\(peerName(norm)).\(peerLoss)"]!
    let theirFooled = fooled(model, theirs, labels)
    #expect(fooled(model, found, labels) == theirFooled)
    #expect(theirFooled.contains(true) && theirFooled.contains(false))
    guard norm == .linf || peerLoss != "dlr" else { return }
    for row in 0..<images.size(0) {
      if theirFooled[row] {
        let error = difference(found[row], theirs[row])
        #expect(error < 1e-5, "row \(row): \(error)")
      } else {
        #expect(theirs[row].isIdentical(to: images[row]))
      }
    }
  }

  /// torchattacks' BIM and MI-FGSM, the former with the original number of steps too.
  @Test func `BIM and MI-FGSM give their images`() throws {
    for (name, attack) in [
      ("bim", BIM(epsilon: 8 / 255)), ("bim.12", BIM(epsilon: 0.06, stepSize: 0.02, steps: 12)),
      ("mi-fgsm", MIFGSM(epsilon: 0.06)),
      ("mi-fgsm.07", MIFGSM(epsilon: 0.06, stepSize: 0.03, steps: 14, decay: 0.7)),
    ] as [(String, any Attack)] {
      let found = try attack(
        file["images"]!, labels: file["labels"]!, against: model, using: Generator(seed: 0))
      #expect(difference(found, file[name]!) < 1e-12, "\(name)")
      #expect(difference(found, file["images"]!) > 0.03)
    }
    #expect(BIM(epsilon: 8 / 255).name == "BIM-10")
  }
}
