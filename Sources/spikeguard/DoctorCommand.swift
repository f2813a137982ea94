import ArgumentParser
import Experiments
import Foundation

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what this machine has, what is missing and how to get it.",
    discussion: "Ends with exit code 1 when something that is needed is missing.")

  @OptionGroup var record: RecordOptions

  func run() throws {
    try OutputFile.check([("--json", record.json)])
    let report = Diagnosis.make()
    try record.write(report)
    for finding in report.findings {
      print("  \(finding.mark) \(finding.subject): \(finding.detail)")
      if let remedy = finding.remedy { print("      → \(remedy)") }
    }
    if !report.isHealthy { throw ExitCode(1) }
  }
}

extension Diagnosis.Finding {
  var mark: String {
    switch state {
    case .good: "✓"
    case .absent: "·"
    case .missing: "✗"
    }
  }
}
