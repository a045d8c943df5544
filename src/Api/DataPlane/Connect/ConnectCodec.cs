using System.Text;
using Google.Protobuf;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>How messages are written: binary, or as proto3 JSON (camelCase, bytes in base64, 64-bit numbers as text, enums by name).</summary>
internal abstract class ConnectCodec
{
    public static readonly ConnectCodec Json = new JsonCodec();
    public static readonly ConnectCodec Proto = new ProtoCodec();

    /// <summary>As content types spell it.</summary>
    public abstract string Name { get; }

    public abstract byte[] Write(IMessage message);

    /// <summary>Fields that the message does not have are passed over.</summary>
    /// <exception cref="ConnectException">It is no such message.</exception>
    public abstract T Read<T>(ReadOnlySpan<byte> bytes)
        where T : IMessage<T>, new();

    private static class ParserOf<T>
        where T : IMessage<T>, new()
    {
        public static readonly MessageParser<T> Binary = new(() => new T());
    }

    private sealed class ProtoCodec : ConnectCodec
    {
        public override string Name => "proto";

        public override byte[] Write(IMessage message) => message.ToByteArray();

        public override T Read<T>(ReadOnlySpan<byte> bytes)
        {
            try
            {
                return ParserOf<T>.Binary.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException e)
            {
                throw new ConnectException(ConnectCode.InvalidArgument, $"the message is not the protobuf of its type: {e.Message}", e);
            }
        }
    }

    private sealed class JsonCodec : ConnectCodec
    {
        private const int Depth = 32;
        private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true).WithRecursionLimit(Depth));
        private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);
        private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        public override string Name => "json";

        public override byte[] Write(IMessage message) => Encoding.UTF8.GetBytes(Formatter.Format(message));

        public override T Read<T>(ReadOnlySpan<byte> bytes)
        {
            try
            {
                return Parser.Parse<T>(Strict.GetString(bytes));
            }
            catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or DecoderFallbackException)
            {
                throw new ConnectException(ConnectCode.InvalidArgument, $"the message is not the JSON of its type: {e.Message}", e);
            }
        }
    }
}
