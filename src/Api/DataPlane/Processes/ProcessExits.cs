using Atoll.Api.DataPlane.Messages;
using Atoll.Domain.Processes;

namespace Atoll.Api.DataPlane.Processes;

/// <summary>How a process ended, in the words of Go's os.ProcessState, which clients know (contracts/e2b.md 2.3).</summary>
internal static class ProcessExits
{
    /// <summary>A code; or -1, not exited, when a signal ended it. The error is the status unless the code is 0.</summary>
    public static ProcessHappening.Types.End Of(ProcessExit exit)
    {
        bool exited = exit.Signal == 0;
        string status = exited ? $"exit status {exit.Code}" : $"signal: {Name(exit.Signal)}";
        var end = new ProcessHappening.Types.End { ExitCode = exited ? exit.Code : -1, Exited = exited, Status = status };
        if (!exited || exit.Code != 0)
        {
            end.Error = status;
        }

        return end;
    }

    private static string Name(int signal) => signal switch
    {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => $"signal {signal}",
    };
}
