using System.Globalization;

namespace Atoll.Server.Edge;

/// <summary>Ports from one to another, both included.</summary>
internal readonly record struct PortRange(int First, int Last)
{
    /// <summary>Below the ports that kernels take for outgoing connections (32768 and up, unless changed).</summary>
    public static PortRange Standard { get; } = new(20_000, 29_999);

    public int Count => Last - First + 1;

    public bool Contains(int port) => port >= First && port <= Last;

    /// <summary>Reads <c>20000-29999</c>.</summary>
    public static bool TryParse(string text, out PortRange range)
    {
        string[] ends = text.Split('-');
        bool good = Port(ends[0], out int first) & Port(ends[^1], out int last) && ends.Length == 2 && first <= last;
        range = new PortRange(first, last);
        return good;
    }

    public override string ToString() => $"{First}-{Last}";

    private static bool Port(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
