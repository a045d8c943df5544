using System.Text;
using Atoll.Protocol;
using Atoll.Protocol.Messages;

namespace Atoll.Agent.Processes;

/// <summary>Decides what is kept of each process for List: bounded for one process and for all together.</summary>
internal sealed class ListBudget
{
    /// <summary>Bytes of all kept arguments and environments together.</summary>
    private const int Total = 2 * 1024 * 1024;

    private int _used;

    /// <summary>The entry of a process that has started.</summary>
    public ProcessEntry Enter(int pid, StartProcess request, DateTimeOffset startedAt)
    {
        string[] arguments = Cut(request.Arguments, Math.Min(ProtocolLimits.MaxListedArguments, Total - _used));
        _used += SizeOf(arguments);
        Dictionary<string, string> environment = Cut(request.Environment, Math.Min(ProtocolLimits.MaxListedEnvironment, Total - _used));
        _used += SizeOf(environment);
        return new ProcessEntry(pid, request.Tag, arguments, request.WorkingDirectory, startedAt.ToUnixTimeMilliseconds(), null)
        {
            Environment = environment,
            HasTerminal = !request.Terminal.IsNone,
        };
    }

    public void Leave(ProcessEntry entry) => _used -= SizeOf(entry.Arguments) + SizeOf(entry.Environment);

    /// <summary>Bytes of an entry on the wire.</summary>
    public static int SizeOf(ProcessEntry entry) => ProcessEntry.MinSize
        + Encoding.UTF8.GetByteCount(entry.Tag) + Encoding.UTF8.GetByteCount(entry.WorkingDirectory)
        + SizeOf(entry.Arguments) + SizeOf(entry.Environment);

    private static int SizeOf(IReadOnlyList<string> arguments) =>
        arguments.Sum(argument => sizeof(int) + Encoding.UTF8.GetByteCount(argument));

    private static int SizeOf(IReadOnlyDictionary<string, string> environment) =>
        environment.Sum(pair => SizeOf(pair.Key, pair.Value));

    private static int SizeOf(string name, string value) =>
        (2 * sizeof(int)) + Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value);

    /// <summary>The variables that fit whole.</summary>
    internal static Dictionary<string, string> Cut(IReadOnlyDictionary<string, string> environment, int budget)
    {
        var kept = new Dictionary<string, string>();
        foreach ((string name, string value) in environment)
        {
            if (SizeOf(name, value) is var size && size <= budget)
            {
                kept[name] = value;
                budget -= size;
            }
        }

        return kept;
    }

    /// <summary>As many of the first arguments as fit, the last one cut.</summary>
    internal static string[] Cut(IReadOnlyList<string> arguments, int budget)
    {
        List<string> kept = [];
        foreach (string argument in arguments)
        {
            budget -= sizeof(int);
            if (budget <= 0)
            {
                break;
            }

            int size = Encoding.UTF8.GetByteCount(argument);

            // A character takes at most three bytes, and a half of a surrogate pair becomes a three-byte replacement.
            kept.Add(size <= budget ? argument : argument[..(budget / 3)]);
            budget -= size;
        }

        return [.. kept];
    }
}
