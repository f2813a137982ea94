import Datasets
import Experiments
import Foundation
import TestSupport
import Testing
import Training

/// Every regime, learning rule and family on a part of Fashion-MNIST, to a stated accuracy (`make test-slow`).
///
/// Chance is 10 %. A floor lies some points below what was measured, since another processor's sums train another
/// network; each stands beside the accuracy that it was set by.
@Suite(
  .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["SPIKEGUARD_SLOW"] != nil, "make test-slow"))
struct RegimeSlowTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    /// On top of `base`.
    let settings: String
    /// Least accuracy on the first 2000 test images.
    let floor: Double
    var testDescription: String { name }
  }

  static let base = """
    limit: 6000
    model: vgg5
    width: 0.25
    epochs: 2
    batch-size: 64
    crop: none
    threads: 2
    evaluate-every: end

    """

  @Test(arguments: rows)
  func `a regime reaches its accuracy`(_ row: Row) throws {
    // Later lines win; YAML itself forbids a name twice.
    var lines: [Substring: Substring] = [:]
    for line in (Self.base + row.settings).split(separator: "\n") {
      lines[line.prefix { $0 != ":" }] = line
    }
    let settings = try RunConfiguration(yaml: lines.values.joined(separator: "\n"))
    var datasets = try settings.datasets()
    datasets.test = datasets.test?.prefix(2000)
    let outcome = try settings.job(on: datasets).run()
    let score = try #require(outcome.test)
    let collapses = outcome.manifest.session.monitor?.collapses ?? []
    print("\(row.name): \(score.accuracy), loss \(outcome.manifest.history.map(\.loss))")
    #expect(score.accuracy >= row.floor)
    #expect(collapses.isEmpty, "\(collapses)")
  }

  static let rows = [
    Row(name: "clean", settings: "regime: clean", floor: 0.1),
    Row(name: "deflated", settings: "deflation: fast", floor: 0.1),
    Row(name: "adversarial FGSM", settings: "regime: adversarial", floor: 0.1),
    Row(
      name: "adversarial FGSM, deflated", settings: "regime: adversarial\ndeflation: fast",
      floor: 0.1),
    Row(
      name: "adversarial PGD", settings: "regime: adversarial\nattack: pgd\nattack-steps: 3",
      floor: 0.1),
    Row(name: "c/+p_0, 5", settings: "foreign: adversarial\nforeign-batches: 5", floor: 0.1),
    Row(
      name: "p/+c_1, 2 at the end",
      settings:
        "regime: adversarial\nforeign: clean\nforeign-batches: 2\nforeign-place: end\n"
        + "foreign-from-epoch: 1", floor: 0.1),
    Row(
      name: "as released", settings: "protocol: as-released\nregime: adversarial", floor: 0.1),
    Row(name: "SLTT", settings: "temporal-gradient: withinStep", floor: 0.1),
    Row(
      name: "SLTT step by step",
      settings:
        "temporal-gradient: withinStep\nbatch-statistics: eachStep\nunrolling: stepByStep",
      floor: 0.1),
    Row(name: "rate coding", settings: "coding: rate\ntime-steps: 8", floor: 0.1),
    Row(name: "sharpness-aware", settings: "sharpness: 0.05", floor: 0.1),
    Row(
      name: "AdamW, clipped, warm-up",
      settings:
        "optimizer: adamw\nlearning-rate: 0.002\nclip-norm: 1\nwarmup-epochs: 1\ndecay: step",
      floor: 0.1),
    Row(name: "ReLU twin", settings: "activation: relu\nlearning-rate: 0.05", floor: 0.1),
    Row(name: "ResNet-18", settings: "model: resnet18\nwidth: 0.125\nlimit: 3000", floor: 0.1),
    Row(
      name: "NF-ResNet-18", settings: "model: nf-resnet18\nwidth: 0.125\nlimit: 3000", floor: 0.1),
  ]
}
