import Foundation
import Optimization
import TestSupport
import Testing
import Torch

@testable import Training

/// The rule on made-up runs, whose every number is known.
@Suite struct CollapseMonitorTests {
  /// A run of ten classes at a steady accuracy and loss, with some noise; then what `change` makes of it.
  private func steps(
    _ count: Int, accuracy: Double = 0.9, loss: Double = 0.3, images: Int = 64, seed: UInt64 = 1,
    change: (Int) -> (accuracy: Double, loss: Double, isForeign: Bool)? = { _ in nil }
  ) -> [StepObservation] {
    let noise = Tensor.normal([count, 2], dtype: .float64, using: Generator(seed: seed))
      .scalars(of: Double.self)
    return (0..<count).map { step in
      let changed = change(step)
      let spread = (accuracy * (1 - accuracy) / Double(images)).squareRoot()
      let usual = min(1, max(0, accuracy + spread * noise[2 * step]))
      return StepObservation(
        step: step, loss: changed?.loss ?? loss * exp(0.2 * noise[2 * step + 1]),
        accuracy: changed?.accuracy ?? usual, images: images, classes: 10,
        isForeign: changed?.isForeign ?? false)
    }
  }

  private func run(_ steps: [StepObservation]) -> (CollapseMonitor, [CollapseReport]) {
    var monitor = CollapseMonitor()
    let reports = steps.compactMap { monitor.observe($0) }
    return (monitor, reports)
  }

  @Test func `a cliff is found at its first batch, four batches on`() throws {
    let (monitor, reports) = run(steps(120) { $0 >= 60 ? (0.1, 2.3, false) : nil })
    let report = try #require(reports.first)
    #expect(reports.count == 1 && monitor.collapses.count == 1)
    #expect(report.onset == 60 && report.noticed == 63)
    #expect(report.signs == [.accuracy, .loss])
    expectClose(try #require(report.baselineAccuracy), 0.9, relative: 0, absolute: 0.02)
    expectClose(try #require(report.baselineLoss), 0.3, relative: 0.1)
    #expect(report.steps.map(\.step) == Array(50...63))
    let followed = monitor.collapses[0]
    #expect(followed.steps.map(\.step) == Array(50...83), "twenty native batches more")
    #expect(followed.recovered == nil && followed.foreignBefore == nil)
  }

  @Test func `accuracy alone and loss alone are signs`() {
    let fallen = run(steps(80) { $0 >= 50 ? (0.2, 0.3, false) : nil }).1
    #expect(fallen.map(\.signs) == [[.accuracy]])
    let blown = run(steps(80) { $0 >= 50 ? (0.9, 7, false) : nil }).1
    #expect(blown.map(\.signs) == [[.loss]])
  }

  /// Catches a rule without persistence, one without an effect size, and one that takes foreign batches for
  /// native ones.
  @Test func `stumbles, small declines and foreign batches are no collapse`() {
    for length in 1...3 {
      let stumble = steps(90) { (50..<50 + length).contains($0) ? (0.1, 3, false) : nil }
      #expect(run(stumble).1.isEmpty, "\(length) batches")
    }
    #expect(run(steps(90) { $0 >= 50 ? (0.7, 0.9, false) : nil }).1.isEmpty, "a small decline")
    #expect(
      run(steps(90) { (50..<60).contains($0) ? (0, 9, true) : nil }).1.isEmpty, "foreign batches")
    let slow = steps(300) { $0 < 50 ? nil : (max(0.1, 0.9 - 0.003 * Double($0)), 0.4, false) }
    #expect(run(slow).1.isEmpty, "a slow decline")
  }

  @Test func `foreign batches inside a collapse neither hide nor hasten it`() throws {
    let (_, reports) = run(
      steps(120) {
        if $0 < 60 { return $0 == 59 ? (0.1, 4, true) : nil }
        return ($0.isMultiple(of: 2) ? (0.1, 2.3, false) : (0.9, 0.1, true))
      })
    let report = try #require(reports.first)
    #expect(report.onset == 60 && report.noticed == 66 && report.foreignBefore?.step == 59)
  }

  @Test func `a run that comes back is said to, and can fall again`() {
    let (monitor, reports) = run(
      steps(200) { (60..<70).contains($0) || (120..<160).contains($0) ? (0.1, 2.3, false) : nil })
    #expect(reports.map(\.onset) == [60, 120])
    #expect(monitor.collapses[0].recovered == 70)
    #expect(monitor.collapses[1].recovered == nil)
  }

  /// What it fell to becomes what it can fall from.
  @Test func `after a collapse for good the watch begins anew`() {
    let (monitor, reports) = run(
      steps(260) { $0 < 60 ? nil : ($0 < 200 ? (0.45, 1.3, false) : (0.05, 5, false)) })
    // From 0.9 to 0.45 is more than half of what there was above chance.
    #expect(reports.map(\.onset) == [60, 200])
    #expect(monitor.collapses[0].recovered == nil)
  }

  @Test func `a loss that is no number is a collapse at once, even in the first step`() throws {
    for step in [0, 40] {
      let (monitor, reports) = run(steps(60) { $0 == step ? (0.1, .nan, false) : nil })
      let report = try #require(reports.first)
      #expect(reports.count == 1 && report.onset == step && report.noticed == step)
      #expect(report.signs == [.lossNotFinite])
      #expect((report.baselineLoss == nil) == (step == 0))
      #expect(monitor.collapses[0].steps.contains { $0.step == step && $0.loss == nil })
    }
  }

  /// Each 400 steps, at chance, in between and at perfection; losses with tails as heavy as one image's.
  @Test(arguments: [4, 16, 128])
  func `steady runs raise no alarm`(images: Int) {
    for (row, accuracy) in [0.1, 0.3, 0.6, 0.9, 1].enumerated() {
      let seed = UInt64(100 * images + row)
      let draws = Tensor.uniform([400, images], dtype: .float64, using: Generator(seed: seed))
        .scalars(of: Double.self)
      var monitor = CollapseMonitor()
      for step in 0..<400 {
        let right = (0..<images).count { draws[step * images + $0] < accuracy }
        let share = Double(right) / Double(images)
        _ = monitor.observe(
          StepObservation(
            step: step, loss: 0.1 * share + 3 * (1 - share), accuracy: share, images: images,
            classes: 10))
      }
      #expect(monitor.collapses.isEmpty, "accuracy \(accuracy)")
    }
  }

  @Test func `a saved monitor goes on as if never stopped`() throws {
    let all = steps(200) { (60..<66).contains($0) || $0 > 150 ? (0.1, .infinity, false) : nil }
    for cut in [0, 10, 59, 62, 64, 70, 155] {
      var whole = CollapseMonitor(shareInterval: 7)
      var saved = whole
      for (index, step) in all.enumerated() {
        if index == cut {
          saved = try JSONDecoder().decode(
            CollapseMonitor.self, from: JSONEncoder().encode(saved))
        }
        #expect(whole.observe(step) == saved.observe(step))
      }
      #expect(whole == saved)
      #expect(whole.collapses.count == 10 && whole.collapsesNotKept > 0)
    }
  }

  @Test func `shares are asked for on schedule, at foreign batches and while something falls`() {
    var monitor = CollapseMonitor(shareInterval: 25)
    var asked: [Int] = []
    for step in steps(130, change: { $0 >= 60 ? (0.1, 2.3, false) : $0 == 33 ? (0, 4, true) : nil })
    {
      if monitor.wantsLeadingShares(at: step.step, isForeign: step.isForeign) {
        asked.append(step.step)
      }
      _ = monitor.observe(step)
    }
    #expect(asked == [0, 25, 33, 50] + Array(61...83) + [100, 125])
  }

  @Test func `the report is a few lines for a person`() {
    func step(_ index: Int, _ loss: Double, _ accuracy: Double, foreign: Bool = false)
      -> StepObservation
    {
      StepObservation(
        step: index, loss: loss, accuracy: accuracy, images: 10, classes: 10, isForeign: foreign,
        leadingShares: [LeadingShare(name: "layer\(index).0.weight", share: 1 / Double(index))],
        drift: [BatchNormDrift(layer: "layer1.1", mean: Double(index), logVariance: 0)])
    }
    var report = CollapseReport(
      signs: [.accuracy, .loss], onset: 3, noticed: 4, baselineLoss: 0.25, baselineAccuracy: 0.9,
      steps: [step(2, 5, 0, foreign: true), step(3, 2, 0.1), step(4, 3, 0.2)])
    let lines = [
      "collapse at step 3 (noticed at 4): accuracy 0.9 → 0.15, loss 0.25 → 2.5",
      "  last foreign batch: step 2",
      "  largest leading share 0.5: layer2.0.weight, step 2",
      "  largest batch-norm drift 4 deviations: layer1.1, step 4",
    ]
    #expect(
      "\(report)" == (lines + ["  not recovered by step 4"]).joined(separator: "\n"))
    report.recovered = 9
    #expect("\(report)" == (lines + ["  recovered at step 9"]).joined(separator: "\n"))
    report = CollapseReport(
      signs: [.lossNotFinite], onset: 0, noticed: 0, baselineLoss: nil, baselineAccuracy: nil,
      steps: [])
    #expect(
      "\(report)"
        == "collapse at step 0 (noticed at 0): the loss is no number\n  not recovered by step 0")
  }

  /// Two layers of unlike sizes, by the formula in plain numbers.
  @Test func `drift is measured in deviations and in logarithms`() throws {
    let before: NamedTensors = [
      "a.running_mean": Tensor([0.0, 1]), "a.running_var": Tensor([4.0, 1]),
      "b.1.running_mean": Tensor([2.0]), "b.1.running_var": Tensor([0.25]),
      "other": Tensor([1.0]),
    ]
    let after: NamedTensors = [
      "a.running_mean": Tensor([2.0, 1]), "a.running_var": Tensor([4.0, exp(2)]),
      "b.1.running_mean": Tensor([1.5]), "b.1.running_var": Tensor([1.0]),
      "other": Tensor([7.0]),
    ]
    let drift = BatchNormDrift.measured(from: before, to: after)
    #expect(drift.map(\.layer) == ["a", "b.1"])
    let half = 0.5.squareRoot()
    expectClose(try #require(drift[0].mean), half, relative: 1e-4)
    expectClose(try #require(drift[0].logVariance), 2 * half, relative: 1e-4)
    expectClose(try #require(drift[1].mean), 1, relative: 1e-4)
    expectClose(try #require(drift[1].logVariance), log(4), relative: 1e-4)
    #expect(BatchNormDrift.measured(from: ["x": Tensor([1.0])], to: [:]).isEmpty)
    let lost = BatchNormDrift(layer: "a", mean: .nan, logVariance: .infinity)
    #expect(lost.mean == nil && lost.logVariance == nil)
  }
}
