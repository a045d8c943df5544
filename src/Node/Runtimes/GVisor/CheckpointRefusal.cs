namespace Atoll.Node.Runtimes.GVisor;

/// <summary>Says in the words of who runs programs in a sandbox why runsc did not write it to an image.</summary>
internal static class CheckpointRefusal
{
    public static string Explain(string failure) => failure;
}
