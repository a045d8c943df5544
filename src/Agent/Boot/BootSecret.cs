using Atoll.Linux;
using Atoll.Protocol;

namespace Atoll.Agent.Boot;

/// <summary>Takes the sandbox's secret from standard input, which is nowhere for a guest process to see, and closes it.</summary>
internal static class BootSecret
{
    /// <summary>Reads until the end; afterwards standard input is /dev/null.</summary>
    /// <exception cref="InvalidDataException">Not exactly <see cref="AgentSecret.Size"/> bytes came.</exception>
    public static AgentSecret Read()
    {
        Span<byte> bytes = stackalloc byte[AgentSecret.Size + 1];
        int length = 0;
        using (var input = new Descriptor(0))
        {
            int count;
            while (length < bytes.Length && (count = DescriptorCalls.Read(input, bytes[length..])) > 0)
            {
                length += count;
            }

            using Descriptor nothing = DescriptorCalls.OpenNull();
            DescriptorCalls.DuplicateTo(nothing, 0);
            input.SetHandleAsInvalid();
        }

        if (length != AgentSecret.Size)
        {
            throw new InvalidDataException($"expected {AgentSecret.Size} bytes of secret on standard input");
        }

        var secret = new AgentSecret(bytes[..length]);
        bytes.Clear();
        return secret;
    }
}
