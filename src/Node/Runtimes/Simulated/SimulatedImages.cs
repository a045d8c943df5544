using Atoll.Domain;
using Atoll.Domain.Nodes;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Snapshots;

namespace Atoll.Node.Runtimes.Simulated;

/// <summary>Images of simulated sandboxes, kept by the machine, so that they outlive a node.</summary>
internal sealed class SimulatedImages(SimulatedMachine machine, SimulatedOptions options) : IImages
{
    public async Task<SandboxImage> CaptureAsync(
        SandboxId id, RunningSandbox running, ImageId image, AfterCapture after, CancellationToken cancellation)
    {
        SimulatedSandbox sandbox = machine.Find(id)
            ?? throw new Fault(FaultCode.AgentUnavailable, $"sandbox '{id}' has ended").AsException();
        if (Find(image) is { } there && there.Source == id)
        {
            return there;
        }

        var begun = new SimulatedImage(new SandboxImage(image, id, 0, machine.Time.GetUtcNow()));
        if (!machine.Images.TryAdd(image, begun))
        {
            throw new InvalidOperationException($"image {image} is there already");
        }

        SandboxImage complete;
        try
        {
            await options.WaitAsync(id, "capture", machine.Time, cancellation);
            cancellation.ThrowIfCancellationRequested();
            SimulatedAgent.Memory memory = sandbox.Agent.Remember();
            complete = begun.Image with { Bytes = memory.Files.Used };
            machine.Images[image] = new SimulatedImage(complete) { Memory = memory };
        }
        catch
        {
            machine.Images.TryRemove(image, out _);
            throw;
        }

        if (after is AfterCapture.StandStill)
        {
            sandbox.Agent.Close();
        }
        else
        {
            sandbox.Agent.Ports.Close();
        }

        await options.WaitAsync(id, "captured", machine.Time, CancellationToken.None);
        return complete;
    }

    public SandboxImage? Find(ImageId image) =>
        machine.Images.TryGetValue(image, out SimulatedImage? found) && found is { Memory: not null, Damaged: false } ? found.Image : null;

    public IReadOnlyList<ImageId> List() => [.. machine.Images.Keys];

    public Task RemoveAsync(ImageId image, CancellationToken cancellation)
    {
        machine.Images.TryRemove(image, out _);
        return Task.CompletedTask;
    }
}
