import com.example.pets.*;

public class Live {
    public static void main(String[] args) {
        PetStore plain = PetStore.builder().endpoint(args[0]).apiKey("key-of-mine").build();
        PetStore signed = PetStore.builder().endpoint(args[0] + "/").region("eu-west-1")
            .credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "the/token+==").build();
        System.out.println(plain.putPetsPetId(new PutPetsPetIdRequest().petId("a b/é").kind("x&y").xMine("one")
            .header("X-More", "two").query("z", "1").query("z", "2").body("{\"name\":\"Rex\"}")).text());
        System.out.println(signed.getFilesPath(new GetFilesPathRequest().path("dir/it's (1)*.txt").q("a b+c")).text());
        System.out.println(plain.postTrouble(new PostTroubleRequest().body("text")).text());
        try {
            plain.getRoot(new GetRootRequest());
        } catch (ApiException e) {
            System.out.println(e.answer().status() + " " + e.answer().text());
        }
        try {
            plain.putPetsPetId(new PutPetsPetIdRequest().kind("k"));
        } catch (IllegalArgumentException e) {
            System.out.println(e.getMessage());
        }
    }
}
