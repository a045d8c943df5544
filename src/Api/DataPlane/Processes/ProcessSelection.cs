using System.Globalization;
using Atoll.Api.DataPlane.Connect;
using Atoll.Api.DataPlane.Messages;
using Atoll.Domain;
using Atoll.Domain.Processes;

namespace Atoll.Api.DataPlane.Processes;

/// <summary>Finds the process that a call is about, and says it in the clients' words when there is none.</summary>
internal static class ProcessSelection
{
    /// <summary>Calls with the pid that is selected: as it is, or that of the newest process of the tag, one that runs before others.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>, with a message that clients look for.</exception>
    public static async Task WithAsync(this ProcessSelector? selector, ConnectCall call, Func<int, Task> act)
    {
        int pid = await selector.PidAsync(call);
        try
        {
            await act(pid);
        }
        catch (FaultException e) when (e.Fault.Code is FaultCode.NotFound)
        {
            throw NotFound("pid", Text(pid), e);
        }
    }

    /// <summary>The pid that is selected, of a process that is there.</summary>
    public static async Task<int> FindAsync(this ProcessSelector? selector, ConnectCall call)
    {
        int pid = await selector.PidAsync(call);
        return (await call.Agent.ListAsync(call.Cancellation)).Any(process => process.Pid == pid) ? pid : throw NotFound("pid", Text(pid));
    }

    private static async ValueTask<int> PidAsync(this ProcessSelector? selector, ConnectCall call)
    {
        switch (selector?.SelectorCase)
        {
            case ProcessSelector.SelectorOneofCase.Pid:
                return selector.Pid <= int.MaxValue ? (int)selector.Pid : throw NotFound("pid", Text(selector.Pid));
            case ProcessSelector.SelectorOneofCase.Tag:
                string tag = ProcessTag.Of(selector.Tag);
                IEnumerable<ProcessInfo> tagged = (await call.Agent.ListAsync(call.Cancellation))
                    .Where(process => tag.Length > 0 && process.Tag == tag);
                return tagged.OrderBy(process => process.Exit is null).ThenBy(process => process.StartedAt).LastOrDefault()?.Pid
                    ?? throw NotFound("tag", selector.Tag);
            default:
                throw new ConnectException(ConnectCode.InvalidArgument, "process selects none: give its pid or its tag");
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static ConnectException NotFound(string by, string value, Exception? cause = null) =>
        new(ConnectCode.NotFound, $"process with {by} {value} not found", cause);
}
