import Foundation

/// How the report writes numbers: alike everywhere, and the same whatever the locale.
enum NumberText {
  /// A blank that no line breaks at.
  static let blank = "\u{A0}"

  /// `10.4 %`
  static func percent(_ share: Double) -> String { decimal(100 * share, 1) + blank + "%" }

  /// `8.7–12.5`, in per cent.
  static func interval(_ score: Score) -> String {
    decimal(100 * score.low, 1) + "–" + decimal(100 * score.high, 1)
  }

  /// `10,000`
  static func count(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "−" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return text
  }

  /// `8/255`, or the number itself where it is no whole step of a byte.
  static func epsilon(_ epsilon: Double) -> String {
    let steps = byteSteps(epsilon)
    return steps == steps.rounded() ? "\(count(Int(steps)))/255" : shortest(epsilon)
  }

  /// ε in steps of a byte, without the rounding of `8.0 / 255 * 255`.
  static func byteSteps(_ epsilon: Double) -> Double {
    let steps = epsilon * 255
    return abs(steps - steps.rounded()) < 1e-6 ? steps.rounded() : steps
  }

  /// `12.3 s`, and from two minutes on `3 min 20 s`.
  static func seconds(_ seconds: Double) -> String {
    guard seconds >= 120, seconds < 1e9 else { return decimal(seconds, 1) + blank + "s" }
    let whole = Int(seconds.rounded())
    return "\(count(whole / 60))\(blank)min \(whole % 60)\(blank)s"
  }

  /// `0.05`: as few digits as tell the number from others, no `.0`.
  static func shortest(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
  }

  /// `0.0123`, `4.56e+05`: so many significant digits.
  static func significant(_ number: Double, _ digits: Int = 3) -> String {
    String(format: "%.\(digits)g", number)
  }

  static func decimal(_ number: Double, _ places: Int) -> String {
    String(format: "%.\(places)f", number)
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ items: [String]) -> String {
    guard items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + items[items.count - 1]
  }
}
