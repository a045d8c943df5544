using Atoll.Linux;

namespace Atoll.Agent.Processes;

/// <summary>
/// Kills a process with all that it started, wherever that has gone.
/// <code>
///   leader --- child --- grandchild       by their parents
///      ''----- ''--------- ''             by the leader's group and session
///   agent ---- orphan --- its child       parents gone: the orphan by the mark in its environment, its children by it
/// </code>
/// What is found is stopped at once, so that it starts nothing more, and killed when all have stopped and a look finds nothing new. Only
/// what has lost its parents and left the session and changed its environment gets away.
/// </summary>
internal sealed class ProcessTree(int leader, RunMark mark, bool leaderIsReaped)
{
    /// <summary>Looks at the process table; of what multiplies faster than so many of them find it, a part is killed.</summary>
    private const int MaxLooks = 16;

    private readonly HashSet<int> _found = [];
    private readonly List<int> _inOrder = [];
    private readonly byte[] _buffer = new byte[16 * 1024];

    /// <returns>False when there was nothing to kill.</returns>
    public bool Kill()
    {
        // The number of a process that was reaped may be another's by now, unless its group or session hold on to it.
        bool ownsNumber = !leaderIsReaped || ProcessStat.TryRead(leader) is null;
        if (ownsNumber)
        {
            Signals.Send(-leader, Signals.SIGSTOP);
        }

        for (int look = 0; look < MaxLooks && FindMore(ownsNumber); look++)
        {
        }

        // Children first: the kernel wakes the stopped ones of a group that loses its last parent (setpgid(2)).
        bool any = false;
        for (int i = _inOrder.Count - 1; i >= 0; i--)
        {
            any |= Signals.Send(_inOrder[i], Signals.SIGKILL) == Errno.None;
        }

        return any | (ownsNumber && Signals.Send(-leader, Signals.SIGKILL) == Errno.None);
    }

    private bool FindMore(bool ownsNumber)
    {
        int before = _inOrder.Count;
        bool moving = false;
        try
        {
            List<ProcessStat> all = [.. Processes()];

            // One that has not come to its stop yet may still start another.
            moving = all.Any(process => _found.Contains(process.Pid) && process.State is not ('T' or 't' or 'Z' or 'X'));
            List<ProcessStat> others = [.. all.Where(process => !_found.Contains(process.Pid))];
            Take(others, process => ownsNumber && (process.Pid == leader || process.Session == leader || process.Group == leader));
            Take(others, process => process.ParentPid == Environment.ProcessId && mark.IsOn(process.Pid, _buffer));
            for (int known = before; _inOrder.Count > known;)
            {
                known = _inOrder.Count;
                Take(others, process => _found.Contains(process.ParentPid));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The table cannot be read, for want of descriptors perhaps: the group and what was found so far must do.
        }

        return moving || _inOrder.Count > before;
    }

    private void Take(List<ProcessStat> others, Func<ProcessStat, bool> belongs)
    {
        foreach (ProcessStat process in others)
        {
            if (belongs(process) && _found.Add(process.Pid))
            {
                _inOrder.Add(process.Pid);
                Signals.Send(process.Pid, Signals.SIGSTOP);
            }
        }
    }

    /// <summary>All that run in the sandbox.</summary>
    public static IEnumerable<ProcessStat> Processes()
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out int pid) && ProcessStat.TryRead(pid) is { } process)
            {
                yield return process;
            }
        }
    }
}
