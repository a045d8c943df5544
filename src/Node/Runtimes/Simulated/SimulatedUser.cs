using System.Globalization;
using Atoll.Domain;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>A user of a simulated sandbox: one of the two that its /etc/passwd would hold, or a bare number.</summary>
internal sealed record SimulatedUser(string Name, int Id, string Home)
{
    private static readonly SimulatedUser[] Known = [new("root", 0, "/root"), new("user", 1000, "/home/user")];

    /// <exception cref="FaultException"><see cref="FaultCode.InvalidArgument"/>: there is no such user.</exception>
    public static SimulatedUser Find(string name) =>
        Array.Find(Known, user => user.Name == name) is { } named ? named
        : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? Numbered(id)
        : throw Fault.Invalid("user", $"user '{name}' not found").AsException();

    public static string NameOf(int id) => Numbered(id).Name;

    private static SimulatedUser Numbered(int id) =>
        Array.Find(Known, user => user.Id == id) ?? new SimulatedUser(id.ToString(CultureInfo.InvariantCulture), id, "/");
}
