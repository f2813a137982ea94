import Experiments
import Foundation
import Training

/// Shows how far the work is: one line that redraws itself on a terminal, plain lines elsewhere.
///
/// Everything goes to standard error, so that standard output holds results only.
final class ProgressDisplay {
  private let isTerminal: Bool
  private let clock = ContinuousClock()
  private var started: ContinuousClock.Instant
  private var lastShown: ContinuousClock.Instant?
  private var lastStep = 0
  private var lineIsOpen = false

  init() {
    isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    started = clock.now
  }

  /// A new piece of work.
  func begin(_ title: String) {
    closeLine()
    started = clock.now
    lastShown = nil
    lastStep = 0
    write(isTerminal ? "\(title) …" : "\(title)\n")
    lineIsOpen = isTerminal
    current = title
  }
  private var current = ""

  func finish(_ note: String) {
    let seconds = (clock.now - started) / .seconds(1)
    closeLine()
    write("  ✓ \(current): \(note) (\(Self.duration(seconds)))\n")
  }

  /// A line that stays.
  func note(_ text: String) {
    closeLine()
    write("  \(text)\n")
  }

  func show(_ progress: TrainingProgress) {
    let done = progress.stepsDone
    let report = progress.soFar
    let left = Double(progress.stepsInAll - done) * elapsed / Double(max(done - firstStep(done), 1))
    show(
      done, of: progress.stepsInAll,
      "epoch \(progress.epoch + 1)/\(progress.epochs)  loss \(Self.fixed(report.loss, 3))  "
        + "accuracy \(Self.percent(report.accuracy))  spikes \(Self.percent(report.spikeRate))  "
        + "\(Int(report.imagesPerSecond)) images/s  \(Self.duration(left)) left")
  }

  /// Steps that were done before this display began, when a run is continued.
  private func firstStep(_ done: Int) -> Int {
    if lastStep == 0 { lastStep = done }
    return lastStep - 1
  }

  func show(_ done: Int, of total: Int) {
    let left = elapsed / Double(max(done, 1)) * Double(total - done)
    show(done, of: total, "\(done)/\(total) images  \(Self.duration(left)) left")
  }

  func show(_ done: Int, of total: Int, text: String) {
    show(done, of: total, "\(done)/\(total)  \(text)")
  }

  /// - Parameter start: what was there when the work began.
  func show(bytes done: Int, of total: Int?, from start: Int) {
    let speed = Double(done - start) / elapsed
    let size = total.map { " of " + Self.megabytes($0) } ?? ""
    let left = total.map { "  \(Self.duration(Double($0 - done) / speed)) left" } ?? ""
    show(done, of: total ?? 0, "\(Self.megabytes(done))\(size)\(left)")
  }

  private var elapsed: Double { (clock.now - started) / .seconds(1) }

  /// At most ten times a second on a terminal, every five seconds elsewhere, and at the end.
  private func show(_ done: Int, of total: Int, _ text: String) {
    let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
    if let lastShown, done < total, clock.now - lastShown < pause { return }
    lastShown = clock.now
    let share = total == 0 ? 1 : Double(done) / Double(total)
    if isTerminal {
      let width = 24
      let filled = Int(share * Double(width))
      let bar =
        String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
      write("\r\u{1B}[K  \(bar) \(Int(share * 100)) %  \(text)")
      lineIsOpen = true
    } else {
      write("  \(Int(share * 100)) %  \(text)\n")
    }
  }

  private func closeLine() {
    if lineIsOpen { write("\r\u{1B}[K") }
    lineIsOpen = false
  }

  // A terminal that is gone, or a full disk behind it, is no reason to stop the work.
  private func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }
  static func megabytes(_ bytes: Int) -> String { fixed(Double(bytes) / 1e6, 1) + " MB" }
  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
  /// Four digits that mean something, as `0.01235` or `1.235e+06`.
  static func significant(_ value: Double) -> String { String(format: "%.4g", value) }
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    if seconds < 10 { return fixed(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 100 { return "\(whole) s" }
    return "\(whole / 60) min \(whole % 60) s"
  }
}
