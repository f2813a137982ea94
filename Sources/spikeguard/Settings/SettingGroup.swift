import ArgumentParser
import Experiments

/// Flags that stand for settings of a ``RunConfiguration``: a property `batchSize` is `--batch-size` and the
/// setting `batch-size`. Nil is a flag that was not given.
protocol SettingGroup: ParsableArguments {}

extension SettingGroup {
  /// What was given, in groups inside of this one too: key and text.
  var given: [(key: String, text: String)] {
    Mirror(reflecting: self).children.flatMap { child -> [(key: String, text: String)] in
      if let group = child.value as? any NestedSettingGroup { return group.settings.given }
      guard let label = child.label else { return [] }
      let text: String? =
        switch child.value {
        case let option as Option<String?>: option.wrappedValue
        case let flag as Flag<Bool?>: flag.wrappedValue.map { "\($0)" }
        default: nil
        }
      return text.map { [(Self.key(of: label), $0)] } ?? []
    }
  }

  /// Puts what was given into a configuration.
  func apply(to configuration: inout RunConfiguration) throws(UsageError) {
    for (key, text) in given { try configuration.set(key, to: text, at: "--\(key)") }
  }

  /// `_batchSize` → `batch-size`, as the parser names its flag.
  private static func key(of label: String) -> String {
    label.drop { $0 == "_" }.reduce(into: "") { key, letter in
      key += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
    }
  }
}

/// A group of settings inside of another one.
private protocol NestedSettingGroup {
  var settings: any SettingGroup { get }
}

extension OptionGroup: NestedSettingGroup where Value: SettingGroup {
  fileprivate var settings: any SettingGroup { wrappedValue }
}

extension [any SettingGroup] {
  /// A text that no setting takes is a mistake in the command line itself.
  func check() throws(ValidationError) {
    var scratch = RunConfiguration()
    do throws(UsageError) { for group in self { try group.apply(to: &scratch) } } catch {
      throw ValidationError(error.description)
    }
  }
}

extension ArgumentHelp {
  /// A setting's help, with what it takes where the text does not say so, and with its default.
  static func setting(_ key: String, _ text: String) -> ArgumentHelp {
    guard let setting = RunConfiguration.setting(key) else {
      preconditionFailure("'\(key)' is no setting")
    }
    let choices = setting.expected.hasPrefix("one of ") ? " Takes \(setting.expected)." : ""
    return ArgumentHelp(
      text + choices + " (default: \(setting.text(RunConfiguration())))", valueName: key)
  }
}
