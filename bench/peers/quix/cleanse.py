"""What bench/w1/cleanse.ts does, byte for byte."""


def is_complete(user):
    return bool(user.get("email")) and bool(user["login"].get("uuid"))


def cleansed(user):
    name, location, login, dob = user["name"], user["location"], user["login"], user["dob"]
    email = user["email"].lower()
    return {
        "uuid": login["uuid"],
        "username": login["username"],
        "title": name["title"],
        "fullName": f"{name['first']} {name['last']}",
        "email": email,
        "emailDomain": email[email.rindex("@") + 1 :],
        "gender": user["gender"],
        "birthDate": dob["date"][:10],
        "age": dob["age"],
        "ageBand": age_band(dob["age"]),
        "city": location["city"],
        "state": location["state"],
        "country": location["country"].upper(),
        "nat": user["nat"].upper(),
        "postcode": str(location["postcode"]),
        "latitude": location["coordinates"]["latitude"],
        "longitude": location["coordinates"]["longitude"],
        "phone": user["phone"],
        "cell": user["cell"],
        "registeredDate": user["registered"]["date"][:10],
        "picture": user["picture"]["medium"],
    }


def age_band(age):
    if age <= 17:
        return "0-17"
    if age <= 24:
        return "18-24"
    if age <= 34:
        return "25-34"
    if age <= 44:
        return "35-44"
    if age <= 54:
        return "45-54"
    return "55-64" if age <= 64 else "65+"
