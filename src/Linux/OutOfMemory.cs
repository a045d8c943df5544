using System.Globalization;

namespace Atoll.Linux;

/// <summary>Whom the kernel kills first when memory runs out: oom_score_adj, proc_pid_oom_score_adj(5).</summary>
public static class OutOfMemory
{
    /// <summary>Before all others of the same memory cgroup.</summary>
    public const int First = 1000;

    /// <summary>Sets the score of a process and of those that it forks from now on. Does nothing when it has ended.</summary>
    public static void SetScore(int pid, int score)
    {
        try
        {
            File.WriteAllText($"/proc/{pid}/oom_score_adj", score.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // It has ended.
        }
    }
}
