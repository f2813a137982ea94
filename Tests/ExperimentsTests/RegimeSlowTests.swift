import Datasets
import Experiments
import Foundation
import TestSupport
import Testing
import Training

/// Every regime, learning rule and family on a part of Fashion-MNIST, to a stated accuracy (`make test-slow`).
///
/// Chance is 10 %. Another processor's sums train another network, so what is demanded lies some points below what was
/// measured.
@Suite(
  .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["SPIKEGUARD_SLOW"] != nil, "make test-slow"))
struct RegimeSlowTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    /// On top of `base`.
    let settings: String
    /// Accuracy on the first 2000 test images, as `make test-slow` printed it (2 cores, AVX-512).
    let measured: Double
    /// What another processor's sums may cost: more where training has only begun to work.
    var margin = 0.06
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
    #expect(score.accuracy >= row.measured - row.margin)
    #expect(collapses.isEmpty, "\(collapses)")
  }

  /// What the other test would see of a network that learns nothing.
  @Test func `silent neurons stay at chance`() throws {
    let settings = try RunConfiguration(yaml: Self.base + "threshold: 1000\n")
    var datasets = try settings.datasets()
    datasets.test = datasets.test?.prefix(2000)
    let outcome = try settings.job(on: datasets).run()
    #expect(try #require(outcome.test).accuracy < 0.2)
  }

  /// SPIKEGUARD_ROWS keeps those whose name contains it.
  static let rows = all.filter { row in
    ProcessInfo.processInfo.environment["SPIKEGUARD_ROWS"].map(row.name.contains) ?? true
  }

  private static let all = [
    Row(name: "clean", settings: "regime: clean", measured: 0.8445),
    Row(name: "deflated", settings: "deflation: fast", measured: 0.8375),
    Row(name: "adversarial FGSM", settings: "regime: adversarial", measured: 0.8405),
    Row(
      name: "adversarial FGSM, deflated", settings: "regime: adversarial\ndeflation: fast",
      measured: 0.831),
    Row(
      name: "adversarial PGD", settings: "regime: adversarial\nattack: pgd\nattack-steps: 3",
      measured: 0.8335),
    Row(name: "c/+p_0, 5", settings: "foreign: adversarial\nforeign-batches: 5", measured: 0.838),
    Row(
      name: "p/+c_1, 2 at the end",
      settings:
        "regime: adversarial\nforeign: clean\nforeign-batches: 2\nforeign-place: end\n"
        + "foreign-from-epoch: 1", measured: 0.8385),
    Row(
      name: "as released", settings: "protocol: as-released\nregime: adversarial", measured: 0.4485,
      margin: 0.15),
    Row(name: "SLTT", settings: "temporal-gradient: withinStep", measured: 0.8345),
    Row(
      name: "SLTT step by step",
      settings:
        "temporal-gradient: withinStep\nbatch-statistics: eachStep\nunrolling: stepByStep",
      measured: 0.839),
    Row(name: "rate coding", settings: "coding: rate\ntime-steps: 8", measured: 0.8305),
    Row(name: "sharpness-aware", settings: "sharpness: 0.05", measured: 0.8305),
    Row(
      name: "AdamW, clipped, warm-up",
      settings:
        "optimizer: adamw\nlearning-rate: 0.002\nclip-norm: 1\nwarmup-epochs: 1\ndecay: step",
      measured: 0.825),
    Row(name: "ReLU twin", settings: "activation: relu\nlearning-rate: 0.05", measured: 0.838),
    Row(name: "ResNet-18", settings: "model: resnet18\nwidth: 0.25", measured: 0.486, margin: 0.15),
    Row(
      name: "NF-ResNet-18", settings: "model: nf-resnet18\nwidth: 0.125", measured: 0.2995,
      margin: 0.09),
  ]
}
